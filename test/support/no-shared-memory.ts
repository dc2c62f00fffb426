/** Preloaded with --import, also in worker threads: makes an engine like that of browsers without cross-origin isolation. */
Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
