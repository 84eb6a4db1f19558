/** Takes as many ms as the last argument says, and counts up from the largest of the others. */
export const lasting = (/** @type {readonly number[]} */ ...given) => {
  const ms = given[given.length - 1];
  const result = Math.max(0, ...given.slice(0, -1)) + 1;
  return ms === 0 ? result : new Promise((resolve) => setTimeout(() => resolve(result), ms));
};
