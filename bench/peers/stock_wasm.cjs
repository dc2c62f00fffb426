/** The encoder and decoder of a swap on stock tfjs-backend-wasm, in a process of its own: prints milliseconds as JSON. */
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-wasm");

const [size, width, rounds] = process.argv.slice(2).map(Number);

function normalise(x, act) {
  const length = tf.sqrt(tf.sum(tf.square(x), -1, true));
  return act(tf.div(x, tf.maximum(length, 1e-12)));
}

async function main() {
  await tf.setBackend("wasm");
  const down = [3, width, 2 * width, 4 * width, 8 * width, 8 * width];
  const up = [16 * width, 8 * width, 4 * width, 2 * width, width, 3];
  const downFilters = down.slice(1).map((to, i) => tf.randomNormal([3, 3, down[i], to], 0, 0.02));
  const upFilters = up.slice(1).map((to, i) => tf.randomNormal([3, 3, to, up[i]], 0, 0.02));
  const pictures = tf.randomUniform([2, size, size, 3], -1, 1);
  const swap = () =>
    tf.tidy(() => {
      let x = pictures;
      const skips = [];
      for (const filter of downFilters) {
        x = normalise(tf.conv2d(x, filter, 2, 1), (t) => tf.leakyRelu(t, 0.2));
        skips.push(tf.slice(x, 0, 1));
      }
      const latent = skips[4];
      let y = tf.concat([latent, latent], 3);
      for (const [i, filter] of upFilters.entries()) {
        const side = y.shape[1] * 2;
        y = tf.conv2dTranspose(y, filter, [1, side, side, up[i + 1]], 2, 1);
        y = i === 4 ? tf.tanh(y) : tf.add(normalise(y, tf.relu), skips[3 - i]);
      }
      return y.dataSync();
    });
  const times = [];
  for (let round = -2; round < rounds; round++) {
    const start = performance.now();
    swap();
    if (round >= 0) times.push(performance.now() - start);
  }
  process.stdout.write(JSON.stringify({ swap: times }));
}

main();
