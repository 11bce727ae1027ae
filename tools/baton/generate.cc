// `baton generate`: continues a prompt with a trained language model.
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/printable.h"
#include "base/status.h"
#include "base/terminal.h"
#include "runtime/inference/generator.h"
#include "runtime/inference/sampling.h"
#include "runtime/inference/token_text.h"
#include "runtime/inference/trained_job.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

constexpr int64_t kMaxTokens = 1'000'000;

struct GenerateFlags {
  std::string folder;
  std::string prompt;
  std::string prompt_ids;
  int64_t tokens = 100;
  SamplingOptions sampling;
  bool print_ids = false;
  std::string tokenizer;
  std::vector<std::string> overrides;
};

absl::StatusOr<std::vector<int32_t>> ParseIds(const std::string& text) {
  std::vector<int32_t> ids;
  for (const absl::string_view part : absl::StrSplit(text, absl::ByAnyChar(", "), absl::SkipWhitespace())) {
    int32_t id = 0;
    if (!absl::SimpleAtoi(part, &id)) {
      return absl::InvalidArgumentError(absl::StrCat("--prompt-ids: \"", part, "\" is not the number of a token"));
    }
    ids.push_back(id);
  }
  return ids;
}

// The tokenizer of --tokenizer, or of the job.
absl::StatusOr<std::unique_ptr<TokenText>> TextOf(const GenerateFlags& flags, const proto::Job& job) {
  if (!flags.tokenizer.empty()) return TokenText::Create("--tokenizer", flags.tokenizer);
  if (job.data().has_text()) return TokenText::Create("data.tokenizer", job.data().tokenizer());
  return absl::InvalidArgumentError(
      "the model was trained on numbers of tokens: text needs --tokenizer, numbers --prompt-ids and --print-ids");
}

// `text`: null if the prompt is numbers.
absl::StatusOr<std::vector<int32_t>> PromptOf(const GenerateFlags& flags, const Generator& generator,
                                              const TokenText* text) {
  const char* const flag = flags.prompt_ids.empty() ? "--prompt" : "--prompt-ids";
  BATON_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                         flags.prompt_ids.empty() ? text->Encode(flags.prompt) : ParseIds(flags.prompt_ids));
  if (ids.empty()) return absl::InvalidArgumentError(absl::StrCat(flag, ": has no token to continue"));
  for (const int32_t id : ids) {
    if (id >= 0 && id < generator.vocabulary()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": token ", id, "; the model's tokens are from 0 to ", generator.vocabulary() - 1));
  }
  if (static_cast<int64_t>(ids.size()) > generator.context()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": ", ids.size(), " tokens; the model's context has ", generator.context()));
  }
  return ids;
}

// Writes tokens as they come, as text or as numbers.
class Output {
 public:
  // `text`: null to write numbers. Borrowed.
  explicit Output(TokenText* text) : text_(text), terminal_(isatty(STDOUT_FILENO) != 0) {}

  void Write(int32_t token) {
    if (text_ == nullptr) {
      std::cout << (first_ ? "" : " ") << token << std::flush;
      first_ = false;
    } else {
      Show(text_->Add(token));
    }
  }
  void Finish() {
    if (text_ != nullptr) Show(text_->Finish());
    std::cout << "\n";
  }

 private:
  // A model's text must not control a terminal.
  void Show(const std::string& text) { std::cout << (terminal_ ? PrintableLines(text) : text) << std::flush; }

  TokenText* const text_;
  const bool terminal_;
  bool first_ = true;
};

absl::Status RunGenerate(const GenerateFlags& flags) {
  BATON_RETURN_IF_ERROR(CheckSampling(flags.sampling));
  const auto log = [](const std::string& line) { std::cerr << "baton: " << PrintableLines(line) << "\n"; };
  BATON_ASSIGN_OR_RETURN(const proto::Job job, LoadTrainedJob(flags.folder, ModelUse::kGenerate, flags.overrides, log));
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Generator> generator, Generator::Create(job));
  std::unique_ptr<TokenText> text;
  if (flags.prompt_ids.empty() || !flags.print_ids) {
    BATON_ASSIGN_OR_RETURN(text, TextOf(flags, job));
  }
  BATON_ASSIGN_OR_RETURN(std::vector<int32_t> tokens, PromptOf(flags, *generator, text.get()));
  Output output(flags.print_ids ? nullptr : text.get());
  for (int64_t i = 0; i < flags.tokens; ++i) {
    BATON_ASSIGN_OR_RETURN(const absl::Span<const float> logits, generator->Logits(tokens));
    BATON_ASSIGN_OR_RETURN(const int32_t token,
                           ChooseToken(logits, flags.sampling, static_cast<int64_t>(tokens.size())));
    if (i == 0) {  // not before the model is known to work
      for (const int32_t prompt : tokens) output.Write(prompt);
    }
    tokens.push_back(token);
    output.Write(token);
    if (!std::cout) break;  // nobody reads any more; main() says so
  }
  output.Finish();
  return absl::OkStatus();
}

}  // namespace

void AddGenerateCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("generate", "Continue a prompt with a trained language model");
  auto flags = std::make_shared<GenerateFlags>();
  command->add_option("DIR", flags->folder, "The output folder of a run, one checkpoint, or a Hugging Face folder")
      ->required();
  CLI::Option* const prompt = command->add_option("--prompt", flags->prompt, "Text to continue")->type_name("TEXT");
  CLI::Option* const ids =
      command->add_option("--prompt-ids", flags->prompt_ids, "Numbers of tokens to continue, as 1,2,3")
          ->type_name("IDS");
  prompt->excludes(ids);
  command->add_option("--tokens", flags->tokens, "Tokens to generate (100)")->check(Between(1, kMaxTokens));
  command->add_option("--temperature", flags->sampling.temperature,
                      "Divides the logits; below 1 the likely become likelier, 0 takes the likeliest (1)");
  command->add_option("--top-p", flags->sampling.top_p,
                      "Draw from the likeliest tokens only, the fewest whose probabilities sum to this (1)");
  command->add_option("--seed", flags->sampling.seed, "Seed; the same one gives the same text on every split (1)");
  command->add_flag("--print-ids", flags->print_ids, "Print the numbers of the tokens instead of text");
  command->add_option("--tokenizer", flags->tokenizer, "A tokenizer.json or its folder; bytes (that of the run)")
      ->type_name("FILE");
  command->add_option("--set", flags->overrides, "Override a field, as pipeline.stages=2; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command->footer(
      R"(Prints the prompt and what follows. Each token costs a forward pass of all tokens before it; once there are
more than the model's context, the oldest are left out. See docs/using_a_model.md.

Examples:
  baton generate runs/gpt --prompt "The pipeline" --tokens 200 --temperature 0.8 --top-p 0.95
  baton generate runs/gpt/checkpoints/step-000400 --prompt-ids 84,104,101 --print-ids --temperature 0)");
  command->callback([flags, prompt, ids, &action] {
    if (prompt->empty() && ids->empty()) throw CLI::RequiredError("--prompt or --prompt-ids");
    action = [flags] { return RunGenerate(*flags); };
  });
}

}  // namespace baton
