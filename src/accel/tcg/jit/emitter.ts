import { MODE } from '../../../cpu/mode.ts';
import { W } from '../../../cpu/state.ts';
import type { RegionModule } from '../kept/kept-region.ts';
import type { FlowGraph, GraphRules } from './flow-graph.ts';
import type { HighFlow, Speculation } from './high-flow.ts';

export interface RegionNode {
  readonly rec: number;
  /** What the budget gets back when the node does not run. */
  readonly refund: number;
  /** What the addresses of its accesses have to be multiples of. */
  readonly alignment: number;
}

/** Values of an exit's number that are no known exit. */
export const EXIT = {
  /** To an address that the region computed. */ INDIRECT: -1,
  /** The interpreter runs a node. */ MISS: -2,
  /** Nothing ran: see `JsEmitter`. */ WARM: -3,
  /** As MISS: a high half is not the one that was likely. */ GUARD: -4,
  /** Nothing ran: a register's high half is not the one that the region was made for. */ UNSUITED: -5,
  /** As MISS: the x87's control word or its stack is not the usual one. */ UNUSUAL: -6,
} as const;

/** Words that a region's code and the rest of the program share. */
export const OWN = {
  /** Generation of translations in which all its pages were seen to be mapped as when it was made. */
  CHECKED: 0,
  /** Epoch of the code cache in which it last ran. */
  USED: 1,
  /** The number of its function. */
  NUMBER: 2,
  /** From here on: the records that its known exits lead to, 0 until that was looked up. */
  LINKS: 3,
} as const;

/** The state word that names the translations which code of a mode depends on. */
export const generationWord = (mode: number): number =>
  (mode & MODE.USER) !== 0 ? W.generation : W.supervisorGeneration;

/** What a region is to be made of. */
export interface RegionJob {
  readonly name: string;
  readonly graph: FlowGraph;
  readonly mode: number;
  /** Number of the region's function, by which it names itself. */
  readonly number: number;
  /** It lies on several pages: whether they are mapped as when it was made is asked when translations changed. */
  readonly guarded: boolean;
  /** Entries after which what it leads to is promoted. */
  readonly hot: number;
  readonly speculation: Speculation;
  /** Entries after which `grow` is asked for a larger region. */
  readonly growsAt: number | undefined;
  /** Somebody wants to read what was made. */
  readonly wantsText: boolean;
  /** It is to be kept for later runs. */
  readonly wantsModule: boolean;
}

/** Code of a region, and the tables that go with it. */
export interface RegionCode {
  /** Instructions by node number. */
  readonly nodes: readonly RegionNode[];
  /** Known addresses where the region is left, by exit number, as it lay when it was made. */
  readonly exits: readonly { readonly low: number; readonly high: number }[];
  /** High halves of registers with which the region may be entered. */
  readonly assumed: HighFlow['assumed'];
  /** By OWN. */
  readonly own: Int32Array;
  readonly language: 'JavaScript' | 'WebAssembly';
  /** Characters of its text, or bytes of its code. */
  readonly length: number;
  /** What it takes of the limit on emitted code, which is in characters of JavaScript. */
  readonly characters: number;
  /** Its module, if it has one and the job wants it. */
  readonly module?: RegionModule;
  /** For people; empty unless the job wants it. */
  readonly text: string;
  /** The function takes the place that the job's number names. */
  install(): void;
  /** The function is that of the same code at another address of its entry; undefined where code holds addresses. */
  readonly moveTo?: (entry: { readonly low: number; readonly high: number }) => void;
  /** The function is gone. */
  remove(): void;
}

/** Makes functions of flow graphs. */
export interface RegionEmitter {
  readonly rules: GraphRules;
  /**
   * Undefined: there is no room for it until regions are dropped.
   * @throws Error when the graph holds what no region can, which flow-graph.ts leaves out
   */
  emit(job: RegionJob): RegionCode | undefined;
}
