import type { Item, Program } from './program.ts';

/** A smaller program for which `fails` still holds: items are dropped, first many at a time, then one by one. */
export function shrink(program: Program, fails: (candidate: Program) => boolean): Program {
  let best = program;
  const attempt = (candidate: Program): boolean => {
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  if (best.interrupts) attempt({ ...best, interrupts: false });
  attempt({ ...best, slices: [100_000] });
  for (let size = 128; size >= 1; size >>= 1) {
    for (let section = 0; section < best.sections.length; section++) {
      for (let at = droppable(best, section).length - size; at > -size; at -= size) {
        const items = droppable(best, section).slice(Math.max(at, 0), Math.max(at + size, 0));
        if (items.length > 0) attempt(without(best, section, new Set(items)));
      }
    }
  }
  return best;
}

const droppable = (program: Program, section: number): Item[] =>
  program.sections[section]!.items.filter(({ label, text }) => label === undefined && text !== 'end');

const without = (program: Program, section: number, dropped: ReadonlySet<Item>): Program => ({
  ...program,
  sections: program.sections.map((old, n) =>
    n === section ? { ...old, items: old.items.filter((item) => !dropped.has(item)) } : old,
  ),
});
