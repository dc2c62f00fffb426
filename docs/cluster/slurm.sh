#!/usr/bin/env bash
# A Slurm array that preprocesses a data set. Each task does the part of its number.
#
#   job=$(sbatch --parsable --array=0-7 docs/cluster/slurm.sh CelebA faces-256 --size 256)
#   sbatch --dependency="afterok:$job" --wrap "elegant merge faces-256"
#
# Any array from 0 or 1 will do, also with a step (--array=1-8, --array=0-70:10); a list (1,5,9) or a single task will not.
# To run one task again, add its part of the first array to the command's options: --array=5 ... --part 5/8.
# The folders must be on a file system that all nodes see under the same path.
#SBATCH --job-name=elegant
#SBATCH --cpus-per-task=8
#SBATCH --mem=4G
#SBATCH --time=02:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
# Two minutes before its time is up, the command is interrupted as by Ctrl-C and saves its state.
#SBATCH --signal=INT@120
set -uo pipefail

# A task that always fails must not be requeued for ever.
most_restarts=5

srun elegant preprocess "$@" --workers "${SLURM_CPUS_PER_TASK:-1}"
code=$?

case $code in
0) ;;
3)
  # Done: the photos that failed are in failures.json, and the merge must not wait for them.
  code=0
  ;;
4 | 130)
  # Disk full, or interrupted with the state saved: another attempt continues.
  if [ "${SLURM_RESTART_COUNT:-0}" -lt "$most_restarts" ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
  fi
  ;;
esac
exit "$code"
