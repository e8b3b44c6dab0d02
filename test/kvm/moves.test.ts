import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Libc, loadLibc } from '../../src/accel/kvm/ffi.ts';
import { offsetOf, STRUCT } from '../../src/accel/kvm/ioctl.ts';
import { ERRNO } from '../../src/accel/kvm/kvm-error.ts';
import { type CpuState, RBX, RCX, W } from '../../src/cpu/state.ts';
import { Bench, faulty, NO_KVM, WHY } from './support.ts';

const HLT = 0xf4;
/** Of a slice's timer (slice-timer.ts). */
const SIGNAL = 44;
const VECTOR = 0x21;
/** The copy of kvm_vcpu_events in kvm_run (linux/kvm.h). */
const EVENTS = 304 + STRUCT.kvm_regs.size + STRUCT.kvm_sregs.size;
const DB = 1;

describe.skipIf(NO_KVM !== undefined)(`what waits when the state is moved${WHY}`, () => {
  let libc: Libc;
  let bench: Bench;
  /** Entries that a signal ends before the guest runs. */
  let signals = 0;
  const open = (kind: 'whole' | 'user'): Bench =>
    (bench = new Bench(
      faulty(libc, (name) => {
        if (name === 'run' && signals-- > 0) libc.call('raise', ['int'], [SIGNAL]);
        return 0;
      }),
      kind,
    ));
  beforeEach(async () => {
    libc = await loadLibc();
    signals = 0;
  });
  afterEach(() => bench.close());

  /** A CPU that was given an interrupt and has not begun its handler. */
  function injected(): void {
    open('whole');
    bench.map.writeBytes(VECTOR * 4, Uint8Array.of(0, 0x30, 0, 0));
    // Handler: INC BX; IRET. Program: 40 times INC CX; CLI; HLT.
    bench.map.writeBytes(0x3000, Uint8Array.of(0x43, 0xcf));
    bench.realMode([...Array<number>(40).fill(0x41), 0xfa, HLT], (state) => {
      state.words[W.idtrLimit] = 0x3ff;
      state.set('rflags', 0x202n);
    });
    bench.vector = VECTOR;
    signals = 1;
    expect(bench.kvm.run(1000).reason).toBe('budget');
    expect([bench.kvm.counts.injected, bench.latch.pending]).toEqual([1, false]);
  }

  const counted = (state: CpuState): number[] => [state.get('gpr', RBX), state.get('gpr', RCX)].map(Number);

  test('an interrupt that KVM was given and had not delivered comes once, in KVM', () => {
    injected();
    const state = bench.state();
    expect(bench.latch.pending).toBe(true);
    bench.kvm.writeState(state);
    expect(bench.runToHalt()).toBe('halt');
    expect(counted(bench.state())).toEqual([1, 40]);
  });

  test('and once when the state is only looked at', () => {
    injected();
    bench.state();
    expect(bench.runToHalt()).toBe('halt');
    expect(counted(bench.state())).toEqual([1, 40]);
  });

  test('and once in the interpreter', () => {
    injected();
    const state = bench.state();
    bench.tcg.writeState(state);
    expect(bench.tcg.run(1000).reason).toBe('halt');
    bench.tcg.readState(state);
    expect(counted(state)).toEqual([1, 40]);
  });

  test('an exception that KVM kept when ring 3 was left is not raised in what it runs next', () => {
    let interrupted = false;
    let run = new Uint8Array();
    const interrupting = faulty(libc, (name) => {
      if (name !== 'run' || !interrupted) return 0;
      run[EVENTS + offsetOf('kvm_vcpu_events', 'exception.injected')] = 1;
      run[EVENTS + offsetOf('kvm_vcpu_events', 'exception.nr')] = DB;
      return ERRNO.EINTR;
    });
    const mmap: Libc['mmap'] = (length, protection, flags, fd) => {
      const memory = interrupting.mmap(length, protection, flags, fd);
      if (fd >= 0) run = new Uint8Array(memory!.buffer);
      return memory;
    };
    bench = new Bench({ ...interrupting, mmap }, 'user');
    // INT1, which the exception could have come from; INC EBX; JMP to itself, where it begins
    const state = bench.longMode([0xf1, 0xff, 0xc3, 0xeb, 0xfe], 3);
    const start = state.get('rip');
    state.set('rip', start + 3n);
    bench.kvm.writeState(state);
    expect(bench.kvm.run(1).reason).toBe('budget');
    interrupted = true;
    expect(bench.kvm.run(1).reason).toBe('budget');
    interrupted = false;
    const moved = bench.state();
    moved.set('rip', start + 1n);
    bench.kvm.writeState(moved);
    expect(bench.kvm.run(1).reason).toBe('budget');
    expect(bench.state().get('gpr', RBX)).toBe(1n);
  });
});
