#!/usr/bin/env bash
# Builds tfjs-node's binding against the libtensorflow of a Python wheel, where its own installer cannot download: to try the
# `tensorflow` device for real. No part of the install or of CI; 2 GB of disk, some minutes.
# Usage: test/support/build-tfjs-node.sh FOLDER [WHEEL_VERSION]
# Afterwards: NODE_PATH is not read by ES modules, so link it: ln -s FOLDER/node_modules/@tensorflow/tfjs-node node_modules/@tensorflow/
# Needs Node with its headers (/usr/include/node or NODE_DIR), npm, pip, unzip, a C++ compiler and Python 3.
set -euo pipefail
[ $# -ge 1 ] || { sed -n 2,7p "$0"; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
version=${2:-2.15.1}
cd "$folder"

[ -d tensorflow ] || {
  pip download --no-deps --quiet --dest wheel "tensorflow-cpu==$version"
  unzip -q wheel/*.whl 'tensorflow/libtensorflow_*' 'tensorflow/include/*'
}
[ -f package.json ] || echo '{"name":"tfjs-node-build","private":true}' > package.json
npm install --ignore-scripts --no-audit --no-fund "@tensorflow/tfjs-node@4.22.0"

cd node_modules/@tensorflow/tfjs-node
mkdir -p deps/lib
ln -sfn "$folder/tensorflow/include" deps/include
ln -sf "$folder/tensorflow/libtensorflow_framework.so.2" deps/lib/
ln -sf "$folder/tensorflow/libtensorflow_framework.so.2" deps/lib/libtensorflow_framework.so
# The wheel's C and C++ interface in one library, under the name that the binding links.
ln -sf "$folder/tensorflow/libtensorflow_cc.so.2" deps/lib/
ln -sf "$folder/tensorflow/libtensorflow_cc.so.2" deps/lib/libtensorflow.so
gyp=$(npm root -g)/npm/node_modules/node-gyp/bin/node-gyp.js
node "$gyp" rebuild --nodedir="${NODE_DIR:-$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")}" \
  --module=lib/napi-v8/tfjs_binding.node --module_name=tfjs_binding --module_path="$PWD/lib/napi-v8" --napi_build_version=8
test -s lib/napi-v8/tfjs_binding.node
echo "Built $PWD/lib/napi-v8/tfjs_binding.node against TensorFlow $version"
