#!/bin/sh
# Packs what a Linux machine with a GPU needs and may not have: node, the built package, its modules for the webgpu device (of
# Dawn only the library for x86-64), the Vulkan loader and a golden file. Nothing is fetched there.
#   npm run build && GOLDEN=../shared/golden/elegant-s1-64px-b2-n3.json sh bench/gpu-bundle.sh [FOLDER, by default .device]
# Then copy FOLDER there and run: OUT=results sh FOLDER/run.sh
set -eu
cd "$(dirname "$0")/.."
folder=${1:-.device}
golden=${GOLDEN:-../shared/golden/elegant-s1-64px-b2-n3.json}
most=$((64 * 1024 * 1024))
for needed in dist/bench/gpu.js dist/wasm/nn.wasm node_modules/webgpu/dist/linux-x64/dawn.node; do
  [ -e "$needed" ] || { echo "gpu-bundle: no $needed. Run 'npm ci' and 'npm run build' on Linux." >&2; exit 2; }
done
[ -f "$golden" ] || { echo "gpu-bundle: no golden file at $golden. Give one as GOLDEN=FILE." >&2; exit 2; }

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
app=$stage/app
mkdir -p "$stage/bin" "$stage/lib" "$app/node_modules/@tensorflow" "$app/bench" "$app/dist"
cp -L "$(node -p process.execPath)" "$stage/bin/node"
cp "$golden" "$stage/golden.json"

# The package itself, without types and source maps.
cp package.json "$app/"
cp -R bin "$app/bin"
cp -R bench/peers "$app/bench/peers"
cp -R dist/src dist/wasm dist/bench "$app/dist/"

# Of TensorFlow.js's packages the one file for Node; the others as they are.
for name in tfjs-core tfjs-layers tfjs-backend-cpu tfjs-backend-webgpu; do
  from=node_modules/@tensorflow/$name
  to=$app/$from
  mkdir -p "$to/dist"
  cp "$from/package.json" "$to/"
  cp "$from"/dist/tf-*.node.js "$to/dist/"
done
mkdir -p "$app/node_modules/@jsquash"
for name in seedrandom commander zod piscina @jsquash/jpeg; do
  cp -RL "node_modules/$name" "$app/node_modules/$name"
done
mkdir -p "$app/node_modules/webgpu/dist"
cp node_modules/webgpu/package.json node_modules/webgpu/index.js node_modules/webgpu/LICENSE.md "$app/node_modules/webgpu/"
cp -R node_modules/webgpu/dist/linux-x64 "$app/node_modules/webgpu/dist/"
find "$app" \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.md' -o -name '*.pyc' \) -delete

# The loaders that vendors' drivers are opened through; run.sh takes those that the machine lacks.
for library in libvulkan.so.1 libGLdispatch.so.0 libGLX.so.0 libEGL.so.1 libX11.so.6 libXext.so.6 libxcb.so.1 libXau.so.6 \
  libXdmcp.so.6 libbsd.so.0 libmd.so.0; do
  path=$(/sbin/ldconfig -p | sed -n "s|^[[:space:]]*$library (libc6,x86-64.*=> ||p" | head -n 1)
  if [ -n "$path" ]; then cp -L "$path" "$stage/lib/"; else echo "gpu-bundle: no $library here, left out" >&2; fi
done

mkdir -p "$folder"
tar -C "$stage" -cf - . | xz -T0 -6 >"$folder/gpu-bundle.tar.xz"
cp bench/gpu-run.sh "$folder/run.sh"
bytes=$(wc -c <"$folder/gpu-bundle.tar.xz")
echo "$folder/gpu-bundle.tar.xz: $((bytes / 1024)) KiB, unpacked $(du -sk "$stage" | cut -f 1) KiB"
[ "$bytes" -lt "$most" ] || { echo "gpu-bundle: over $((most / 1024)) KiB" >&2; exit 2; }
