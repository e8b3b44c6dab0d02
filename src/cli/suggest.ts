/** Single-character edits (insert, delete, replace) that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The name that the user may have meant, if one is near enough. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const shortened = word.slice(0, 40);
  const starts = names.filter((name) => word.length >= 3 && name.startsWith(word));
  if (starts.length === 1) return starts[0];
  const [best] = names
    .map((name) => ({ name, distance: editDistance(shortened, name) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.name : undefined;
}

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, names: readonly string[], prefix = ''): string {
  const name = nearest(word, names);
  return name === undefined ? '' : `; did you mean ${prefix}${name}?`;
}
