/** Module nn.wasm: the kernels of the network's forward, backward and update, on one shared memory. */
export { adam } from "./adam";
export { biasLeaky, leakyScale } from "./bias-leaky";
export { channelNorm, channelNormGradient } from "./channel-norm";
export { conv2d, packConv2dFilter } from "./conv2d";
export { conv2dFilterGradient, packFilterGradientInput } from "./conv2d-filter-gradient";
export { conv2dInputGradient, packInputGradientFilter } from "./conv2d-input-gradient";
export { copyRuns } from "./copy";
export { depthwiseConv2d } from "./depthwise-conv2d";
export { binary, binaryRows, unary } from "./elementwise";
export { instanceNorm, instanceNormGradient } from "./instance-norm";
export { absoluteDifferences, meanAbsoluteErrorGradient } from "./mean-absolute-error";
export { clippedSum, clippedSumGradient, residualGradient, residualOutput, sigmoid } from "./output";
export { pool } from "./pool";
export { blockSums, columnSums, rowSums, sumPartials } from "./reduce";
export { reflectPad, reflectPadGradient } from "./reflect-pad";
export { rmsprop } from "./rmsprop";
export { conv2dThinFilterGradient } from "./thin-filter-gradient";
export { winogradConv2d } from "./winograd";
export {
  finishWinogradFilterGradient,
  packWinogradGradient,
  winogradFilterGradient,
} from "./winograd-filter-gradient";
export { packWinogradFilter } from "./winograd-pack";
export { findWinogradPixels } from "./winograd-vectors";
