import type { CpuContext } from '../context.ts';
import { carryRotationHelpers, compareExchangeHelpers, divisionHelpers } from './arithmetic.ts';
import { bitFieldHelpers } from './bit-fields.ts';
import { controlRegisterHelpers } from './control-registers.ts';
import { debugRegisterHelpers } from './debug-registers.ts';
import { decimalHelpers } from './decimal.ts';
import { enterHelpers } from './enter.ts';
import { farReturnHelpers } from './far-returns.ts';
import { farTransferHelpers } from './far-transfers.ts';
import { flagTransferHelpers } from './flag-transfers.ts';
import { fxsaveHelpers } from './fxsave.ts';
import { interruptHelpers } from './interrupt.ts';
import { portHelpers } from './ports.ts';
import { processorHelpers } from './processor.ts';
import { segmentAccessHelpers } from './segment-access.ts';
import { segmentRegisterHelpers } from './segment-registers.ts';
import { stringHelpers } from './string.ts';
import { stringCompareHelpers } from './string-compare.ts';
import { syscallHelpers } from './syscall.ts';
import { systemSegmentHelpers } from './system-segments.ts';
import { unitHelpers } from './units.ts';
import { vectorConvertHelpers } from './vector-convert.ts';
import { vectorFloatHelpers } from './vector-float.ts';
import { vectorIntHelpers } from './vector-int.ts';
import { vectorMemoryHelpers } from './vector-memory.ts';
import { vectorPackHelpers } from './vector-pack.ts';
import { vectorShiftHelpers } from './vector-shift.ts';
import { vectorShuffleHelpers } from './vector-shuffle.ts';
import { x87ArithmeticHelpers } from './x87-arithmetic.ts';
import { x87EnvironmentHelpers } from './x87-environment.ts';
import { x87TranscendentalHelpers } from './x87-transcendental.ts';
import { x87TransferHelpers } from './x87-transfer.ts';

/** What IR calls by name: int32 numbers in; an int32 number, or nothing, out. */
export type Helpers = Readonly<Record<string, (...args: never[]) => unknown>>;

const FACTORIES: readonly ((cpu: CpuContext) => Helpers)[] = [
  segmentAccessHelpers,
  segmentRegisterHelpers,
  farTransferHelpers,
  farReturnHelpers,
  flagTransferHelpers,
  interruptHelpers,
  controlRegisterHelpers,
  debugRegisterHelpers,
  portHelpers,
  processorHelpers,
  syscallHelpers,
  systemSegmentHelpers,
  divisionHelpers,
  carryRotationHelpers,
  compareExchangeHelpers,
  decimalHelpers,
  bitFieldHelpers,
  enterHelpers,
  stringHelpers,
  unitHelpers,
  vectorMemoryHelpers,
  vectorIntHelpers,
  vectorShiftHelpers,
  vectorPackHelpers,
  vectorShuffleHelpers,
  stringCompareHelpers,
  vectorFloatHelpers,
  vectorConvertHelpers,
  x87ArithmeticHelpers,
  x87TransferHelpers,
  x87TranscendentalHelpers,
  x87EnvironmentHelpers,
  fxsaveHelpers,
];

/** Every run-time helper of one CPU. Throws when two have the same name. */
export function createHelpers(cpu: CpuContext): Helpers {
  const merged: Record<string, Helpers[string]> = {};
  for (const factory of FACTORIES) {
    for (const [name, helper] of Object.entries(factory(cpu))) {
      if (merged[name] !== undefined) throw new Error(`two run-time helpers are called ${name}`);
      merged[name] = helper;
    }
  }
  return merged;
}
