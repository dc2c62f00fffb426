#!/bin/sh
# Goes with gpu-bundle.tar.xz (bench/gpu-bundle.sh): unpacks it, checks the webgpu device against a golden file, measures it.
#   OUT=results sh run.sh [arguments of bench:gpu]
# $OUT gets doctor.json, verify.json, the results of bench:gpu, run.log. Within ten minutes. VERIFY=always checks software drivers too.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${OUT:=$here/out}"
out=$(cd "$OUT" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if command -v xz >/dev/null; then
  tar -C "$work" -xJf "$here/gpu-bundle.tar.xz"
else
  python3 -m tarfile -e "$here/gpu-bundle.tar.xz" "$work"
fi

# A machine's own libraries go first: only what it lacks is taken from ours.
mkdir "$work/lacking"
for library in "$work"/lib/*; do
  name=$(basename "$library")
  /sbin/ldconfig -p 2>/dev/null | grep -q "$name" || cp "$library" "$work/lacking/$name"
done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$work/lacking"
# Where containers have the driver's files mounted apart, the loader does not look by itself.
mounted=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && [ -f "$mounted" ] &&
  ! ls /etc/vulkan/icd.d/*nvidia* /usr/share/vulkan/icd.d/*nvidia* >/dev/null 2>&1; then
  export VK_DRIVER_FILES="$mounted"
fi

node=$work/bin/node
cd "$work/app"
{
  echo "libraries taken along: $(ls "$work/lacking" | tr '\n' ' ')"
  echo "driver files: ${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-those of the system}}"
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader 2>/dev/null || true
  "$node" bin/elegant.js doctor --json >"$out/doctor.json" || true
  chosen=$("$node" -p "JSON.parse(fs.readFileSync('$out/doctor.json', 'utf8')).device.name")
  echo "the device that auto takes: $chosen"
  if [ "$chosen" = webgpu ] || [ "${VERIFY:-}" = always ]; then
    status=0
    timeout 100 "$node" bin/elegant.js verify "$work/golden.json" --device webgpu --json >"$out/verify.json" || status=$?
    echo "verify: exit code $status (0 within tolerances, 2 over them, 124 out of time)"
  else
    echo "verify: left out without a GPU"
  fi
  status=0
  timeout 472 "$node" dist/bench/gpu.js "$@" || status=$?
  echo "bench:gpu: exit code $status"
  cp bench/results/*.json "$out/" 2>/dev/null || true
} 2>&1 | tee "$out/run.log"
grep -q '^bench:gpu: exit code 0$' "$out/run.log"
