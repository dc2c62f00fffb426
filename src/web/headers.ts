/** The fixed headers of the web server's answers, and the types of the files that it serves. */

/**
 * What a page from this server may do: run its own scripts, workers and WebAssembly, show its own images and those made
 * in the page, and connect to nothing but this server.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The headers of every answer, errors included. The first two let the page use SharedArrayBuffer, which the threads of
 * the kernels need. docs/commands.md lists these headers.
 */
export const FIXED_HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

export interface FileType {
  /** The Content-Type header. */
  readonly type: string;
  /** True for text, which is sent compressed. */
  readonly isText: boolean;
}

const text = (type: string): FileType => ({ type, isText: true });
const binary = (type: string): FileType => ({ type, isText: false });

const TYPES: Readonly<Record<string, FileType>> = {
  ".html": text("text/html; charset=utf-8"),
  ".js": text("text/javascript; charset=utf-8"),
  ".css": text("text/css; charset=utf-8"),
  ".json": text("application/json"),
  ".svg": text("image/svg+xml"),
  ".webmanifest": binary("application/manifest+json"),
  ".wasm": binary("application/wasm"),
  ".png": binary("image/png"),
  ".jpg": binary("image/jpeg"),
};

/** For .safetensors, .bin and every ending that the page does not use. */
const BYTES = binary("application/octet-stream");

/** The type of a file by its ending, in lower case with the dot. */
export function typeOf(ending: string): FileType {
  return TYPES[ending] ?? BYTES;
}
