/** Ends of work that may fail itself. */

/** Runs `body`, then `close`, whatever happened. An error of `close` is thrown only where `body` had none, which is the one to tell. */
export async function closing<T>(close: () => Promise<void> | void, body: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await body();
  } catch (error) {
    try {
      await close();
    } catch {
      // A consequence, or of less weight.
    }
    throw error;
  }
  await close();
  return result;
}
