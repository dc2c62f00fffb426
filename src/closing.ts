/** Runs work and then closes what the work used, even if the work fails. */

/**
 * Runs `body`, then `close`, even if `body` throws. If both throw, only the error of `body` reaches the caller, because
 * it is the cause.
 */
export async function closing<T>(close: () => Promise<void> | void, body: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await body();
  } catch (error) {
    try {
      await close();
    } catch {
      // The error of `body` matters more, and often caused this one.
    }
    throw error;
  }
  await close();
  return result;
}
