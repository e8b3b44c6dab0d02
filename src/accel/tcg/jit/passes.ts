/** What an optimising pass is called on the command line, does, and is when nothing is said about it. */
interface Pass {
  /** One sentence; switched off, the program is slower and the same. */
  readonly about: string;
  readonly on: boolean;
}

/** The passes that make emitted code fast, each of which `--jit-off` can leave out. */
export const PASSES = {
  'dead-flags': { about: 'flags that are replaced before anything looks at them are not computed', on: true },
  'known-flags': { about: 'a condition is a comparison where the operation that set the flags is known', on: true },
  'flag-flow': { about: 'what is known of the flags is known in the blocks behind as well', on: true },
  'flag-sinking': {
    about: 'what flags follow from is put together where a region is left, not where it is computed',
    on: true,
  },
  loops: { about: 'a jump back is a loop of the emitted function', on: true },
  'unrolled-loops': { about: 'the body of a short loop is repeated before it jumps back', on: true },
  'value-facts': {
    about: 'a byte put into a register is not taken out again, a table in one page is looked up once',
    on: true,
  },
  'cross-page': { about: 'a region goes on in other pages of code', on: true },
  'indirect-guesses': { about: 'an indirect jump tests for the targets it had before', on: true },
  'return-prediction': { about: 'what a call comes back to is part of the region, and returns test for it', on: true },
  'helper-calls': { about: 'a region calls the helpers of long instructions itself', on: true },
  'shared-lookups': {
    about: 'an access next to one that was looked up is looked up only where it lies in another page, in WebAssembly',
    on: true,
  },
  'aligned-access': { about: 'an access is tested for being aligned until it was seen not to be', on: true },
  'inline-division': { about: "a division of small numbers is the host's", on: true },
  'inline-float': { about: "arithmetic on doubles is the host's where no exception is to be noted", on: true },
  'inline-vector': { about: "arithmetic on packed integers is the host's, in WebAssembly", on: true },
  'inline-x87': {
    about:
      'the x87 works on registers that are known from the top of stack, with 64-bit integers where they are to be had',
    on: true,
  },
  'high-halves': {
    about: 'high halves of 64-bit registers that seldom change are numbers of the code, checked',
    on: true,
  },
  'region-links': { about: 'a region ends where another large one begins, which is not made twice', on: true },
  'branch-hints': { about: 'V8 is told which branches of WebAssembly are seldom taken', on: true },
  'exit-links': { about: 'an exit of a region remembers what it led to', on: true },
  'web-assembly': { about: '64-bit code becomes WebAssembly instead of JavaScript', on: true },
} as const satisfies Record<string, Pass>;

export type PassName = keyof typeof PASSES;
export type Passes = Readonly<Record<PassName, boolean>>;

export const PASS_NAMES = Object.keys(PASSES) as PassName[];

/** Each pass as the table says, unless `choice` says otherwise. */
export function choosePasses(choice: Partial<Passes> = {}): Passes {
  const passes = Object.fromEntries(PASS_NAMES.map((name) => [name, PASSES[name].on])) as Record<PassName, boolean>;
  return Object.assign(passes, choice);
}

/**
 * Reads a list of passes to leave out: `dead-flags,loops`; `all`; behind it or alone, `+NAME` switches a pass on.
 * @throws Error in one line
 */
export function parsePasses(text: string): Partial<Passes> {
  const choice: Partial<Record<PassName, boolean>> = {};
  for (const word of text.split(',')) {
    const on = word.startsWith('+');
    const name = on ? word.slice(1) : word;
    if (name === 'all') for (const each of PASS_NAMES) choice[each] = on;
    else if (Object.hasOwn(PASSES, name)) choice[name as PassName] = on;
    else throw new Error(`there is no pass "${name}": use ${PASS_NAMES.join(', ')}, or all`);
  }
  return choice;
}
