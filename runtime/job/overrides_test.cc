// Single fields changed, and paths and values that are none.
#include "runtime/job/overrides.h"

#include <catch2/catch.hpp>
#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "runtime/job/job_file.h"

namespace baton {
namespace {

proto::Job Parse(const std::string& text) {
  const auto job = ParseJob(text, "test");
  INFO(job.status());
  REQUIRE(job.ok());
  return *job;
}

struct Case {
  std::string before;
  std::string assignment;
  std::string after;
};

TEST_CASE("an override changes its field and nothing else") {
  const Case test = GENERATE(
      Case{"", "pipeline.schedule=gpipe", "pipeline { schedule: 'gpipe' }"},
      Case{"", "pipeline.schedule=\"gpipe\"", "pipeline { schedule: 'gpipe' }"},
      Case{"", "pipeline.schedule = 'gpipe' ", "pipeline { schedule: 'gpipe' }"}, Case{"", "name=", "name: ''"},
      Case{"", "name=a=b", "name: 'a=b'"}, Case{"", "name=\"a\\\"b\"", "name: 'a\"b'"},
      Case{"pipeline { stages: 2 schedule: 'x' }", "pipeline.stages=4", "pipeline { stages: 4 schedule: 'x' }"},
      Case{"", "run.seed=18446744073709551615", "run { seed: 18446744073709551615 }"},
      Case{"", "optimizer.adamw.learning_rate=2e-4", "optimizer { adamw { learning_rate: 2e-4 } }"},
      Case{"", "optimizer.decay=COSINE", "optimizer { decay: COSINE }"},
      Case{"pipeline { split { layers: [1, 2] } }", "pipeline.split.layers=[2,2,3,3]",
           "pipeline { split { layers: [2, 2, 3, 3] } }"},
      Case{"", "pipeline.split.layers= 2, 2 ,3,3", "pipeline { split { layers: [2, 2, 3, 3] } }"},
      Case{"pipeline { split { layers: [1, 2] } }", "pipeline.split.layers=[]", "pipeline { split {} }"},
      Case{"pipeline { split { balanced {} } }", "pipeline.split.layers=4,4", "pipeline { split { layers: [4, 4] } }"},
      Case{"pipeline { split { layers: 4 } }", "pipeline.split.balanced={}", "pipeline { split { balanced {} } }"},
      Case{"pipeline { split { layers: 4 } }", "pipeline.split={balanced {}}", "pipeline { split { balanced {} } }"},
      Case{"pipeline { split { layers: 4 } }", "pipeline.split.layout=t|(t,t|)*2,tL",
           "pipeline { split { layout: 't|(t,t|)*2,tL' } }"},
      Case{"pipeline { split { layout: 't' } }", "pipeline.split.layers=4,4", "pipeline { split { layers: [4, 4] } }"},
      Case{"pipeline { split { layout: 't' } }", "pipeline.split.balanced={}", "pipeline { split { balanced {} } }"},
      Case{"data { text: 'a' held_out: 0.5 }", "data.clusters.noise=1", "data { clusters { noise: 1 } held_out: 0.5 }"},
      Case{"data { clusters {} }", "data.text=/a/*", "data { text: '/a/*' }"},
      Case{"model { gpt2 { layers: 2 } }", "model.mlp={ sizes: [2, 3] }", "model { mlp { sizes: [2, 3] } }"},
      Case{"model { gpt2 { layers: 2 } }", "model.mlp.sizes=2,3", "model { mlp { sizes: [2, 3] } }"},
      Case{"model { layer { relu {} } }", "model.layer=[{ gelu {} }, { linear { outputs: 2 } }]",
           "model { layer { gelu {} } layer { linear { outputs: 2 } } }"},
      Case{"model { layer { relu {} } layer { linear { outputs: 2 } } }", "model.layer[1].linear.outputs=64",
           "model { layer { relu {} } layer { linear { outputs: 64 } } }"},
      Case{"model { layer { residual { layer { gelu {} } layer { linear { outputs: 2 } } } } }",
           "model.layer[0].residual.layer[1].linear={ outputs: 3 }",
           "model { layer { residual { layer { gelu {} } layer { linear { outputs: 3 } } } } }"},
      Case{"model { layer { relu {} } layer { gelu {} } }", "model.layer[0]={ linear { outputs: 5 } }",
           "model { layer { linear { outputs: 5 } } layer { gelu {} } }"},
      Case{"pipeline { split { layers: [1, 2, 3] } }", "pipeline.split.layers[1]=7",
           "pipeline { split { layers: [1, 7, 3] } }"},
      Case{"pipeline { recompute_layers: [NONE, NONE] }", "pipeline.recompute_layers[0]=FULL",
           "pipeline { recompute_layers: [FULL, NONE] }"});
  INFO(test.assignment);
  proto::Job job = Parse(test.before);
  const absl::Status status = ApplyOverride(job, test.assignment);
  INFO(status);
  REQUIRE(status.ok());
  INFO(job.DebugString());
  CHECK(google::protobuf::util::MessageDifferencer::Equals(job, Parse(test.after)));
}

struct Wrong {
  std::string assignment;
  std::string message;
};

TEST_CASE("a wrong override is refused and changes nothing") {
  const Wrong wrong = GENERATE(
      Wrong{"pipeline", "--set: \"pipeline\" is not of the form path=value, as pipeline.schedule=gpipe"},
      Wrong{"pipelin.stages=2",
            "a job has no field \"pipelin\"; did you mean \"pipeline\"? (fields: name, model, data, batch, pipeline, "
            "optimizer, run, devices, checkpoint, parallel)"},
      Wrong{"pipeline.stage=2",
            "pipeline has no field \"stage\"; did you mean \"stages\"? (fields: stages, chunks_per_device, schedule, "
            "split, micro_batch_group, order, recompute, recompute_layers, search)"},
      Wrong{"batch.x=2", "batch has no field \"x\" (fields: sequences, micro_batches, ramp, sum_groups)"},
      Wrong{"batch..x=2", "batch has no field \"\" (fields: sequences, micro_batches, ramp, sum_groups)"},
      Wrong{"pipeline.split.balanced.x=2", "pipeline.split.balanced has no field \"x\" (fields: none)"},
      Wrong{"name.x=2", "name is a value, it has no field \"x\""},
      Wrong{"pipeline.stages=four", "pipeline.stages: \"four\" is not a whole number of 32 bits"},
      Wrong{"pipeline.stages=", "pipeline.stages: \"\" is not a whole number of 32 bits"},
      Wrong{"pipeline.stages=99999999999", "pipeline.stages: \"99999999999\" is not a whole number of 32 bits"},
      Wrong{"model.gpt2.width=1.5", "model.gpt2.width: \"1.5\" is not a whole number of 64 bits"},
      Wrong{"run.seed=-1", "run.seed: \"-1\" is not a whole number from 0 to 2^64 - 1"},
      Wrong{"optimizer.clip_norm=one", "optimizer.clip_norm: \"one\" is not a number"},
      Wrong{"optimizer.decay=COSIN", "optimizer.decay: \"COSIN\" is not one of CONSTANT, LINEAR, COSINE"},
      Wrong{"devices.backend=1", "devices.backend: \"1\" is not one of HOST, CUDA"},
      Wrong{"name=\"open", "name: \"\"open\" is not a string: a quote is missing or an escape is wrong"},
      Wrong{"pipeline.split.layers=[2,2", "pipeline.split.layers: \"[2,2\" is not a list: a bracket is missing"},
      Wrong{"pipeline.split.layers=2,,2", "pipeline.split.layers: \"\" is not a whole number of 32 bits"},
      Wrong{"batch=4",
            "batch: \"4\" is not a message { … } with the fields sequences, micro_batches, ramp, sum_groups"},
      Wrong{"batch={ sequences: 2 } run { steps: 3 }",
            "batch: \"{ sequences: 2 } run { steps: 3 }\" is not a message { … } with the fields sequences, "
            "micro_batches, ramp, sum_groups"},
      Wrong{"batch={ sequence: 2 }",
            "batch: \"{ sequence: 2 }\" is not a message { … } with the fields sequences, micro_batches, ramp, "
            "sum_groups: Batch has "
            "no field "
            "\"sequence\"; did you mean \"sequences\"?"},
      Wrong{"steps=2",
            "a job has no field \"steps\"; did you mean \"run.steps\"? (fields: name, model, data, batch, pipeline, "
            "optimizer, run, devices, checkpoint, parallel)"},
      Wrong{"model.layer.linear={}",
            "model.layer is a list; set one of its items, as model.layer[0].linear=…, or the whole: model.layer=[{ … "
            "}, { "
            "… }]"},
      Wrong{"model.layer[0].linear.outputs=4", "model.layer has no item 0; it has 0, numbered from 0"},
      Wrong{"model.layer[x].linear.outputs=4", "--set: \"layer[x]\" must be a field, or an item of a list as layer[0]"},
      Wrong{"model.layer[-1].linear.outputs=4",
            "--set: \"layer[-1]\" must be a field, or an item of a list as layer[0]"},
      Wrong{"model.layer[0=4", "--set: \"layer[0\" must be a field, or an item of a list as layer[0]"},
      Wrong{"batch[0].sequences=4", "batch is no list, it has no item 0"},
      Wrong{"pipeline.recompute_layers[0]=NONE", "pipeline.recompute_layers has no item 0; it has 0, numbered from 0"},
      Wrong{"model.layer={ relu {} }",
            "model.layer: \"{ relu {} }\" is not a list [{ … }, { … }] whose messages have the fields linear, "
            "layer_norm, relu, gelu, residual, convolution, group_norm, batch_norm, max_pool, average_pool, rms_norm, "
            "dropout, attention, gated_feed_forward, patches, global_average, embedding"});
  proto::Job job = Parse("name: 'kept' batch { sequences: 7 } model { gpt2 {} }");
  const proto::Job before = job;
  const absl::Status status = ApplyOverride(job, wrong.assignment);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == wrong.message);
  CHECK(google::protobuf::util::MessageDifferencer::Equals(job, before));
}

}  // namespace
}  // namespace baton
