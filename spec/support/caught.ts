/** What a promise rejects with; fails when it does not. */
export async function caught(promise: PromiseLike<unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Readonly<Record<string, unknown>>;
  }
  throw new Error('expected a rejection');
}
