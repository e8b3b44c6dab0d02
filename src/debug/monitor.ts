import { KvmError } from '../accel/kvm/kvm-error.ts';
import { profileProcess } from '../host/cpu-profile.ts';
import { hex } from '../util/hex.ts';
import { describeCounts, describeHandover } from './describe-accel.ts';
import { examine, parseFormat } from './examine.ts';
import { evaluate, MonitorError } from './expression.ts';
import { linear, physical, type Translate } from './guest-memory.ts';
import { describeJit, describeProfile } from './jit-report.ts';
import type { RunControl } from './run-control.ts';
import { describeMode, showRegisters } from './show-registers.ts';

interface Command {
  readonly names: readonly string[];
  readonly usage: string;
  readonly about: string;
  run(argument: string): string | Promise<string>;
}

const MOST_STEPS = 100_000;
const MOST_LINES = 100;
const MOST_SECONDS = 60;
const MOST_FUNCTIONS = 20;

/** The commands that a user types while a guest runs; the same behind Ctrl-A c and gdb's `monitor`. */
export class Monitor {
  readonly #control: RunControl;
  readonly #commands: readonly Command[];
  readonly #topics: Readonly<Record<string, () => string>> = {
    registers: () => showRegisters(this.#control.machine.readState()),
    status: () => this.#status(),
    unclaimed: () => this.#unclaimed(),
    jit: () => describeJit(this.#control.machine),
    kvm: () => this.#kvm(),
  };

  /** `quit` ends the program. */
  constructor(control: RunControl, quit: () => void) {
    this.#control = control;
    this.#commands = this.#table(quit);
  }

  /** Runs one line and answers what to print, without a final newline. Never rejects. */
  async execute(line: string): Promise<string> {
    const [, name, argument] = /^\s*([\w-]*)\s*(.*?)\s*$/s.exec(line)!;
    if (name === '') return argument === '' ? '' : 'type help for the commands';
    const command = this.#commands.find(({ names }) => names.includes(name!));
    if (command === undefined) return `there is no command ${name!.slice(0, 40)}: type help`;
    try {
      return await command.run(argument!);
    } catch (error) {
      if (error instanceof MonitorError || error instanceof KvmError) return error.message;
      throw error;
    }
  }

  #table(quit: () => void): Command[] {
    const control = this.#control;
    const { machine } = control;
    return [
      { names: ['help', '?'], usage: 'help', about: 'this list', run: () => this.#help() },
      {
        names: ['info'],
        usage: 'info TOPIC',
        about: `one of ${Object.keys(this.#topics).join(', ')}`,
        run: (what) => this.#info(what),
      },
      {
        names: ['stop'],
        usage: 'stop',
        about: 'stop the guest',
        run: async () => {
          await control.stop();
          return this.#where();
        },
      },
      {
        names: ['cont', 'c'],
        usage: 'cont',
        about: 'let the guest go on',
        run: () => {
          control.go();
          return '';
        },
      },
      {
        names: ['step', 'si'],
        usage: 'step [N]',
        about: 'run N instructions of a stopped guest',
        run: (count) => this.#step(count),
      },
      {
        names: ['x'],
        usage: 'x /FMT ADDRESS',
        about: 'memory at a linear address: x /10i $rip, x /4xg $rsp, x /s 0x1000',
        run: (argument) => this.#examine(argument, linear(machine)),
      },
      {
        names: ['xp'],
        usage: 'xp /FMT ADDRESS',
        about: 'memory at a physical address',
        run: (argument) => this.#examine(argument, physical),
      },
      {
        names: ['p', 'print'],
        usage: 'p EXPRESSION',
        about: 'a value: p $rip, p $rsp+0x10',
        run: (text) => hex(evaluate(text, machine.readState())),
      },
      {
        names: ['profile'],
        usage: 'profile [SECONDS]',
        about: 'where the time goes: tiers, regions, instructions; samples 3 seconds',
        run: (seconds) => this.#profile(seconds),
      },
      {
        names: ['accel'],
        usage: 'accel [NAME]',
        about: 'which accelerator runs the guest; move it to kvm or tcg',
        run: (name) => this.#accel(name),
      },
      {
        names: ['system_reset'],
        usage: 'system_reset',
        about: 'push the reset button',
        run: () => {
          machine.reset();
          return control.stopped ? 'the guest is stopped and resets at cont' : '';
        },
      },
      {
        names: ['system_powerdown'],
        usage: 'system_powerdown',
        about: 'push the power button (ACPI)',
        run: () => {
          machine.powerButton();
          return '';
        },
      },
      {
        names: ['quit', 'q'],
        usage: 'quit',
        about: 'end emu',
        run: () => {
          quit();
          return '';
        },
      },
    ];
  }

  async #profile(text: string): Promise<string> {
    const seconds = text === '' ? 3 : Number(text);
    if (!(seconds > 0 && seconds <= MOST_SECONDS)) throw new MonitorError(`profile takes 1 to ${MOST_SECONDS} seconds`);
    return describeProfile(await profileProcess(seconds * 1000), MOST_FUNCTIONS);
  }

  async #accel(name: string): Promise<string> {
    const { machine } = this.#control;
    if (name === '') return machine.accelerator;
    if (name !== 'kvm' && name !== 'tcg') throw new MonitorError('accel takes kvm or tcg, or nothing');
    return describeHandover(name, await machine.switchAccelerator(name));
  }

  #kvm(): string {
    const { accelerator, kvm } = this.#control.machine;
    if (kvm === undefined) return 'this machine was made for tcg alone';
    return [`the guest runs under ${accelerator}`, ...describeCounts(kvm.counts)].join('\n');
  }

  #help(): string {
    return this.#commands.map(({ usage, about }) => `${usage.padEnd(18)} ${about}`).join('\n');
  }

  #info(what: string): string {
    const topic = Object.hasOwn(this.#topics, what) ? this.#topics[what] : undefined;
    if (topic === undefined) throw new MonitorError(`info takes one of ${Object.keys(this.#topics).join(', ')}`);
    return topic();
  }

  #status(): string {
    const { machine, stopped } = this.#control;
    const state = machine.readState();
    return [
      `VM status: ${stopped ? 'paused' : 'running'}`,
      `CPU: ${machine.model.name}, ${describeMode(state)}${state.get('halted') === 0n ? '' : ', halted'}`,
      `instructions: ${machine.vcpu.instructions}, guest time: ${(machine.clock.timers.now() / 1e9).toFixed(3)} s, resets: ${machine.resets}`,
    ].join('\n');
  }

  #unclaimed(): string {
    const { ports, memory } = this.#control.machine.pc;
    const lines = [
      ...ports
        .unclaimed()
        .map(({ direction, port, size, count }) => `${direction.padEnd(5)} port ${hex(port, 4)}/${size}  ${count}`),
      ...memory.unclaimed().map(({ direction, gpa, count }) => `${direction.padEnd(5)} page ${hex(gpa, 8)}  ${count}`),
    ];
    if (lines.length === 0) return 'every access was answered';
    const more = lines.length - MOST_LINES;
    return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  }

  #where(): string {
    const { machine } = this.#control;
    const state = machine.readState();
    return examine(machine, parseFormat('1i'), state.get('base', 1) + state.get('rip'), linear(machine));
  }

  #step(text: string): string {
    const { machine, stopped } = this.#control;
    if (!stopped || machine.running) throw new MonitorError('the guest runs: stop it first');
    const count = text === '' ? 1 : Number(text);
    if (!Number.isInteger(count) || count < 1 || count > MOST_STEPS) {
      throw new MonitorError(`step takes a number from 1 to ${MOST_STEPS}`);
    }
    for (let n = 0; n < count; n++) {
      const exit = this.#control.step();
      if (exit.reason === 'fatal') return exit.message;
      if (exit.reason !== 'budget') return `${exit.reason}\n${this.#where()}`;
    }
    return this.#where();
  }

  #examine(argument: string, translate: Translate): string {
    const { machine } = this.#control;
    const [, format, address] = /^(?:\/(\S*))?\s*(.*)$/s.exec(argument)!;
    if (address === '') throw new MonitorError('name an address: x /10i $rip');
    return examine(machine, parseFormat(format ?? ''), evaluate(address!, machine.readState()), translate);
  }
}
