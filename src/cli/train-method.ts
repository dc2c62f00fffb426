/** The options of `elegant train` that say which method is trained: a preset, and each of its choices by name. */
import { type Command, Option } from "commander";
import { DECODER_ACTIVATIONS, DISCRIMINATOR_BLOCKS, type ModelConfig, UPSAMPLINGS } from "../model/config.js";
import {
  LOSS_WEIGHTINGS,
  METHODS,
  type MethodSettings,
  type Network,
  PRESETS,
  type Preset,
  RECONSTRUCTIONS,
} from "../training/method.js";
import { number } from "./command.js";

/** What is left out is the preset's. */
export interface MethodOptions extends Partial<MethodSettings> {
  readonly preset: Preset;
  readonly learningRate: number;
  readonly discriminatorBlocks?: string;
  readonly decoderActivation?: ModelConfig["decoderActivation"];
  readonly upsampling?: ModelConfig["upsampling"];
}

export function withMethodOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--preset <name>",
        "the published code or the paper where they differ; the options below change one choice each",
      )
        .choices(PRESETS)
        .default("official"),
    )
    .addOption(
      new Option("--reconstruction <form>", "official: squared, 5 (MSE + MSE); paper: norm").choices(RECONSTRUCTIONS),
    )
    .addOption(
      new Option("--loss-weights <name>", "official: D2 counts half, L_D / 4; paper: equal, all 1").choices(
        LOSS_WEIGHTINGS,
      ),
    )
    .option("--weight-decay <x>", "official: 1e-5; paper: 0", number(0, 1))
    .option("--learning-rate-decay <x>", "factor each 3,000 steps; official: 0.97; paper: 1", number(1e-3, 1))
    .addOption(
      new Option("--discriminator-blocks <n>", "convolutions; official: 4; paper: 5").choices(
        DISCRIMINATOR_BLOCKS.map(String),
      ),
    )
    .addOption(
      new Option("--decoder-activation <name>", "official: relu; paper: leaky-relu").choices(DECODER_ACTIVATIONS),
    )
    .addOption(
      new Option("--upsampling <name>", "transposed as published, or resize against checkerboards").choices(
        UPSAMPLINGS,
      ),
    )
    .option("--learning-rate <x>", "of Adam", number(1e-8, 1), 2e-4)
    .option(
      "--ema <decay>",
      "keep an exponential moving average of the generator, such as 0.999, and edit with it",
      number(0, 0.999999),
    )
    .option("--r1 <gamma>", "gradient penalty on real pictures, such as 10", number(0, 1e6))
    .option("--flip", "mirror each training picture with probability 1/2");
}

/** The preset with what was changed. */
export function chooseMethod(options: MethodOptions): { readonly network: Network; readonly method: MethodSettings } {
  const { network, method } = METHODS[options.preset];
  const blocks = options.discriminatorBlocks;
  return {
    network: {
      discriminatorBlocks: blocks === undefined ? network.discriminatorBlocks : blocks === "5" ? 5 : 4,
      decoderActivation: options.decoderActivation ?? network.decoderActivation,
      upsampling: options.upsampling ?? network.upsampling,
    },
    method: {
      reconstruction: options.reconstruction ?? method.reconstruction,
      lossWeights: options.lossWeights ?? method.lossWeights,
      weightDecay: options.weightDecay ?? method.weightDecay,
      learningRateDecay: options.learningRateDecay ?? method.learningRateDecay,
      ema: options.ema ?? method.ema,
      r1: options.r1 ?? method.r1,
      flip: options.flip ?? method.flip,
    },
  };
}
