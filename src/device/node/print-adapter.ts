/** The process that probeAdapter() starts. It prints an AdapterProbe as JSON. */
import { type AdapterProbe, NO_GPU } from "../webgpu/adapter.js";
import { describeAdapter } from "../webgpu/request-device.js";
import { requestAdapter } from "./dawn.js";

async function probe(): Promise<AdapterProbe> {
  try {
    const { adapter } = await requestAdapter();
    if (adapter === null) return { adapter: null, problem: NO_GPU };
    return { adapter: describeAdapter(adapter), problem: null };
  } catch (error) {
    return { adapter: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

process.stdout.write(JSON.stringify(await probe()));
