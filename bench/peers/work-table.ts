/** Fixed work inside a Linux guest, as a command line of busybox's shell; its output is summed up. */
export interface Work {
  readonly name: string;
  readonly command: string;
}

/** Run once before, not timed: numbers in a row, and numbers in no order. */
const PREPARE = [
  'seq 1 300000 > /tmp/row',
  `awk 'BEGIN { for (x = i = 1; i <= 30000; i++) { x = x * 16807 % 2147483647; print x } }' > /tmp/mixed`,
];

/** An interpreter from a Debian package: calls, tables, strings, floating point. */
const LUA = `
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local primes, marks = 0, {}
for n = 2, 60000 do
  if not marks[n] then
    primes = primes + 1
    for m = n * n, 60000, n do marks[m] = true end
  end
end
local words = {}
for n = 1, 8000 do words[n] = string.format('%x-%d', n * 2654435761 % 4294967296, n) end
table.sort(words)
local sum = 0.0
for n = 1, 600000 do sum = sum + math.sqrt(n) / (n + 1) end
print(fib(27), primes, table.concat(words):sub(-40), string.format('%.6f', sum))
`;

export const WORK: readonly Work[] = [
  { name: 'gzip', command: 'gzip < /tmp/row' },
  { name: 'sha256sum', command: `cat ${'/tmp/row '.repeat(5)}| sha256sum` },
  { name: 'sort', command: 'sort -n /tmp/mixed' },
  {
    name: 'awk',
    command: `awk 'BEGIN { for (i = 0; i < 40000; i++) { s += i % 7 * 3; t = t substr("abc", i % 3 + 1, 1); if (length(t) > 50) t = "" } print s, t }'`,
  },
  { name: 'lua', command: 'lua5.4 /work.lua' },
];

/** Files of the guest that replace its shell: its first program does the work, tells when, and switches off. */
export function workFiles(works: readonly Work[], rounds: number): Record<string, string> {
  const lines = works.flatMap(({ command }) => [
    `for round in $(seq 1 ${rounds}); do echo start; ${command} > /tmp/out; echo end $(sha256sum < /tmp/out | cut -c 1-16); done`,
  ]);
  return {
    'etc/inittab': '::sysinit:/bin/sh /work.sh\n',
    'work.sh': ['dmesg -n 1', ...PREPARE, ...lines, 'echo done', 'poweroff -f', ''].join('\n'),
    'work.lua': LUA,
  };
}
