/** Preloaded with --import, also in worker threads: makes an engine as browsers are without cross-origin isolation. */
Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
