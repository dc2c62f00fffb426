/** Opens the connection to Redis when a queue command runs. ioredis and BullMQ are optional and not loaded before that. */
import type { Redis } from "ioredis";
import { installedPackages, QUEUE_INSTALL, QUEUE_PACKAGES } from "../device/node/packages.js";
import { describeMismatch, InputError, RetryableError } from "../errors.js";

const CONNECT_TIMEOUT_MS = 5000;
const MOST_WAIT_MS = 5000;

/** The URL without the parts that may contain a password. */
function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * @param isPatient if true, a connection that is lost later is opened again and again (for a worker); otherwise its
 *                  loss ends the command
 * @throws InputError if a package is missing, and for another kind of URL; RetryableError if there is no answer
 */
export async function connectRedis(text: string, isPatient: boolean): Promise<Redis> {
  const installed: readonly string[] = installedPackages(QUEUE_PACKAGES);
  const missing = QUEUE_PACKAGES.filter((name) => !installed.includes(name));
  if (missing.length > 0) {
    const expected = `${QUEUE_PACKAGES.join(" and ")} next to elegant-faces`;
    const remedy = `Run '${QUEUE_INSTALL}'.`;
    throw new InputError(describeMismatch("elegant queue", expected, `no ${missing.join(" and no ")}`, remedy));
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["redis:", "rediss:"].includes(url.protocol)) {
    throw new InputError(describeMismatch("--redis", "a URL such as redis://HOST:6379", `'${text}'`, "Correct it."));
  }
  const { Redis } = await import("ioredis");
  let wasReady = false;
  let last = "no answer";
  const redis = new Redis(text, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null, // required by BullMQ
    retryStrategy: (times) => (wasReady && isPatient ? Math.min(times * 500, MOST_WAIT_MS) : null),
  });
  redis.on("error", (error: Error) => {
    last = error.message || ("code" in error ? String(error.code) : error.name);
  });
  try {
    await redis.connect();
    await redis.ping();
    wasReady = true;
    return redis;
  } catch (error) {
    redis.disconnect();
    const detail = last === "no answer" ? (error as Error).message : last;
    const remedy = "Start redis-server there, or name another with --redis URL.";
    throw new RetryableError(describeMismatch("--redis", `a Redis server at ${withoutSecrets(url)}`, detail, remedy), {
      cause: error,
    });
  }
}
