import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CAP, EXIT, KVM, STRUCT } from '../../src/accel/kvm/ioctl.ts';

const PRELUDE = '#include <stdio.h>\n#include <stddef.h>\n#include <linux/kvm.h>\n';
const probe = spawnSync('gcc', ['-fsyntax-only', '-xc', '-'], { input: PRELUDE });
const usable = process.arch === 'x64' && probe.status === 0;
const WHY = usable ? '' : ' (skipped: no gcc with linux/kvm.h of x86-64 here)';

test.skipIf(!usable)(`the tables are what the system's header says${WHY}`, () => {
  const lines: string[] = [];
  const expected: string[] = [];
  const ask = (name: string, expression: string, value: number): void => {
    lines.push(`printf("${name} %llu\\n", (unsigned long long)(${expression}));`);
    expected.push(`${name} ${value}`);
  };
  for (const [name, number] of Object.entries(KVM)) ask(name, `KVM_${name}`, number);
  for (const [name, number] of Object.entries(CAP)) ask(name, `KVM_CAP_${name}`, number);
  for (const [name, number] of Object.entries(EXIT)) ask(name, `KVM_EXIT_${name}`, number);
  for (const [name, { size, fields }] of Object.entries(STRUCT)) {
    ask(name, `sizeof(struct ${name})`, size);
    for (const [field, [offset, bytes]] of Object.entries(fields)) {
      ask(`${name}.${field}`, `offsetof(struct ${name}, ${field})`, offset);
      ask(`${name}.${field} bytes`, `sizeof(((struct ${name} *)0)->${field})`, bytes);
    }
  }
  const scratch = mkdtempSync(join(tmpdir(), 'emu-kvm-'));
  try {
    const source = join(scratch, 'ask.c');
    writeFileSync(source, `${PRELUDE}int main(void) {\n${lines.join('\n')}\n}\n`);
    execFileSync('gcc', ['-w', '-o', join(scratch, 'ask'), source]);
    const printed = execFileSync(join(scratch, 'ask'), { encoding: 'utf8' }).trim().split('\n');
    expect(printed).toEqual(expected);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
