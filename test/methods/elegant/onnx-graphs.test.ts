/** The exported ONNX graphs, run by onnxruntime and compared with our own networks. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { encodeFaces } from "../../../src/editing/faces.js";
import { swapMany } from "../../../src/editing/swap.js";
import { encodeOnnx } from "../../../src/interop/onnx.js";
import type { NamedTensors } from "../../../src/interop/safetensors.js";
import type { ModelConfig } from "../../../src/methods/elegant/config.js";
import { elegantModel } from "../../../src/methods/elegant/model.js";
import { decode, encode } from "../../../src/methods/elegant/networks.js";
import { onnxGraphs, onnxMetadata } from "../../../src/methods/elegant/onnx-graphs.js";
import { GENERATOR, initialParameters, parameterSpecs } from "../../../src/methods/elegant/parameters.js";
import { PRESETS } from "../../../src/methods/elegant/presets.js";
import { disposeParameters, uploadParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { randomPictures, TINY } from "../../support/model.js";
import { runOnnx, type Values } from "../../support/onnxruntime.js";
import { readFields } from "../../support/tfevents.js";
import { useWasm } from "../../support/use-device.js";

/** Makes weights far larger than a fresh model's, so that no output is flat. */
function weightsOf(config: ModelConfig): NamedTensors {
  const tensors = initialParameters(config, GENERATOR, 4);
  for (const [name, { data }] of tensors) if (name.endsWith(".weight")) data.set(data.map((w) => 20 * w));
  return tensors;
}

const filesOf = (config: ModelConfig): Record<string, Uint8Array> => {
  const graphs = onnxGraphs(weightsOf(config), config);
  return Object.fromEntries(graphs.map(({ file, graph }) => [file, encodeOnnx(graph, "test", { a: "b" })]));
};

const MODERN: ModelConfig = { ...TINY, ...PRESETS.modern.network };

/** Makes smooth random images of the model's size. */
const facesOf = ({ size }: ModelConfig, seed: number, n: number): tf.Tensor4D =>
  tf.image.resizeBilinear(randomPictures(seed, n), [size, size]);

/** Moves the channels first, as in ONNX. */
const channelsFirst = (x: tf.Tensor): Values => {
  const moved = tf.transpose(x, [0, 3, 1, 2]);
  return { shape: moved.shape, data: moved.dataSync() as Float32Array };
};

describe("model/onnx-graphs", () => {
  useWasm(1);

  const variants: readonly (readonly [string, ModelConfig])[] = [
    ...(["transposed", "resize"] as const).flatMap((upsampling) => {
      return (["relu", "leaky-relu"] as const).map((decoderActivation) => {
        return [`${upsampling}, ${decoderActivation}`, { ...TINY, upsampling, decoderActivation }] as const;
      });
    }),
    ["modern", MODERN],
    ["modern at 128 px", { ...MODERN, size: 128 }],
    ["modern with five blocks", { ...MODERN, generatorBlocks: 5 }],
    ["modern without a soft mask", { ...MODERN, mask: false }],
    ["modern with one view", { ...MODERN, mirror: false }],
    ["modern with the moved image", { ...MODERN, mirror: false, shift: true }],
    ["modern with four views", { ...MODERN, shift: true }],
    ["modern with published edits", { ...MODERN, edit: "residual" }],
  ];
  for (const [name, config] of variants) {
    it(`give onnxruntime our encoder, decoder and swap: ${name}`, async () => {
      const files = filesOf(config);
      const parameters = uploadParameters(parameterSpecs(config, GENERATOR), weightsOf(config), "test");
      const generator = {
        model: elegantModel(config),
        config,
        parameters,
        source: "test",
        warnings: [],
        dispose: () => {},
      };
      // The published network's five norms amplify rounding more.
      const abs = config.generatorBlocks === 4 ? 1e-5 : 2e-5;
      for (const batch of [1, 3]) {
        const [B, A] = [facesOf(config, 1, batch), facesOf(config, 2, batch)];
        const [own, other] = [B, A].map((pictures) => encode(parameters, config, pictures));
        const expect = (actual: Values, expected: tf.Tensor, name: string): void => {
          const { shape, data } = channelsFirst(expected);
          assert.deepEqual(actual.shape, shape, name);
          assert.ok(
            data.some((value) => Math.abs(value) > 0.05),
            `${name} is flat`,
          );
          assertClose(actual.data, data, { abs, rel: 0 }, (i) => `${name} [${i}], batch ${batch}`);
        };

        const encoded = await runOnnx(files["encoder.onnx"], { image: channelsFirst(B) });
        expect(encoded.latent, own.latent, "latent");
        assert.equal(Object.keys(encoded).length, config.generatorBlocks);
        for (const [i, skip] of own.skips.entries()) expect(encoded[`skip${i + 1}`], skip, `skip${i + 1}`);

        const skips = own.skips.map((skip, i) => [`skip${i + 1}`, channelsFirst(skip)]);
        const latents = { edited: channelsFirst(other.latent), own: channelsFirst(own.latent) };
        const decoded = await runOnnx(files["decoder.onnx"], { ...latents, ...Object.fromEntries(skips) });
        const { residual } = decode(parameters, config, other.latent, own.latent, own.skips);
        expect(decoded.residual, residual, "residual");

        const inputs = encodeFaces(generator, B);
        const first = tf.slice(A, 0, 1) as tf.Tensor4D;
        for (const [names, mask, reference] of [
          [["Eyeglasses"], { shape: [1, 3], data: Float32Array.of(0, 1, 0) }, A],
          [["Bangs", "Smiling"], { shape: [1, 3], data: Float32Array.of(1, 0, 1) }, first],
          [[], { shape: [batch, 3], data: new Float32Array(3 * batch) }, first],
        ] as const) {
          const reaches = encodeFaces(generator, reference);
          const edits = names.map((attribute) => ({ attribute, reference: reaches }));
          const swapped = await runOnnx(files["swap.onnx"], {
            input: channelsFirst(B),
            reference: channelsFirst(reference),
            mask,
          });
          expect(swapped.output, swapMany(generator, inputs, edits), `swap of ${names.join(", ") || "nothing"}`);
          if (names.length === 0 && config.edit === "difference") {
            assert.deepEqual(swapped.output.data, channelsFirst(B).data, "nothing chosen leaves the input");
          }
        }
      }
      disposeParameters(parameters); // No scope frees variables.
    });
  }

  it("are the same bytes for the published network as before the modern one was there", () => {
    // These are the SHA-256 hashes of the files that commit f5d2866 wrote for these weights.
    const expected = {
      "encoder.onnx": "92411b6ccb0f240628b93e16e7b80e4fa468fc0419a2a1df465075bfe93159df",
      "decoder.onnx": "ee78c592dbc3b2cb397574a848e22ca7e55644bc8d42e7a568af9f027c79c99a",
      "swap.onnx": "6837266f3f5a50804e0b8e4ebbb6bc168ff7d61342b091380263ae36a2588bf9",
    };
    const zeros: NamedTensors = new Map(
      parameterSpecs(TINY, GENERATOR).map(({ name, shape }) => {
        return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }];
      }),
    );
    const hashes = onnxGraphs(zeros, TINY).map(({ file, graph }) => {
      return [
        file,
        createHash("sha256")
          .update(encodeOnnx(graph, "test", {}))
          .digest("hex"),
      ];
    });
    assert.deepEqual(Object.fromEntries(hashes), expected);
  });

  it("takes each picture's own mask", async () => {
    const files = filesOf(TINY);
    const [B, A] = [randomPictures(1, 2), randomPictures(2, 1)].map(channelsFirst);
    const masks = [Float32Array.of(1, 0, 0), Float32Array.of(0, 0, 1)];
    const run = async (mask: Values) =>
      (await runOnnx(files["swap.onnx"], { input: B, reference: A, mask })).output.data;
    const both = await run({ shape: [2, 3], data: Float32Array.from([...masks[0], ...masks[1]]) });
    const half = both.length / 2;
    for (const [i, mask] of masks.entries()) {
      const alone = await run({ shape: [1, 3], data: mask });
      assertClose(both.subarray(i * half, (i + 1) * half), alone.subarray(i * half, (i + 1) * half), {
        abs: 1e-6,
        rel: 0,
      });
    }
  });

  it("say opset, producer, names and free dimensions in the file", () => {
    const [first] = onnxGraphs(weightsOf(TINY), TINY);
    const model = readFields(encodeOnnx(first.graph, "elegant-faces 9", onnxMetadata(TINY, "run")));
    const field = (fields: ReturnType<typeof readFields>, number: number) => {
      return fields.filter(([n]) => n === number).map(([, value]) => value);
    };
    const texts = (values: readonly unknown[]): string[] =>
      values.map((v) => new TextDecoder().decode(v as Uint8Array));
    assert.deepEqual(field(model, 1).map(Number), [7]);
    assert.deepEqual(texts(field(model, 2)), ["elegant-faces 9"]);
    assert.deepEqual(field(readFields(field(model, 8)[0] as Uint8Array), 2).map(Number), [13]);
    const metadata = field(model, 14).map((entry) => readFields(entry as Uint8Array));
    assert.deepEqual(
      metadata.map((entry) => texts(field(entry, 1))[0]),
      ["config", "slices", "pictures", "source"],
    );
    assert.deepEqual(JSON.parse(texts(field(metadata[1], 2))[0]), {
      Bangs: [0, 11],
      Eyeglasses: [11, 21],
      Smiling: [21, 32],
    });
    const graph = readFields(field(model, 7)[0] as Uint8Array);
    const outputs = field(graph, 12).map((value) => texts(field(readFields(value as Uint8Array), 1))[0]);
    assert.deepEqual(outputs, ["latent", "skip1", "skip2", "skip3", "skip4"]);
    const type = field(readFields(field(graph, 11)[0] as Uint8Array), 2)[0] as Uint8Array;
    const shape = field(readFields(field(readFields(type), 1)[0] as Uint8Array), 2)[0] as Uint8Array;
    const dims = field(readFields(shape), 1).map((dim) => readFields(dim as Uint8Array)[0]);
    assert.deepEqual(texts([dims[0][1]]), ["batch"]);
    assert.deepEqual(
      dims.slice(1).map(([, value]) => Number(value)),
      [3, 64, 64],
    );
  });
});
