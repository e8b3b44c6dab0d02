/**
 * The smallest n below `most` for which "0 to n, n included" is bad, when one number at least is guilty and more
 * of them never make it good again. Undefined: all together are not bad.
 */
export function firstGuilty(most: number, isBad: (from: number, to: number) => boolean): number | undefined {
  if (!isBad(0, most)) return undefined;
  let good = 0;
  let bad = most;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBad(0, middle)) bad = middle;
    else good = middle;
  }
  return bad - 1;
}
