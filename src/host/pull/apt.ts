import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_KERNEL_HINT, PullError } from './pull-error.ts';
import { lastLine, runTool, type ToolResult } from './run-tool.ts';

/** A package as the index describes it. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  /** Names of the packages it depends on, without versions and alternatives. */
  readonly depends: readonly string[];
  /** Bytes of the .deb file. */
  readonly size: number;
}

/**
 * The host's apt sources read into a folder of our own, for any architecture: the host's package
 * lists, its dpkg architectures and its dpkg status stay untouched, and no privilege is needed.
 */
export class PrivateApt {
  readonly #directory: string;
  readonly #arch: string;

  private constructor(directory: string, arch: string) {
    this.#directory = directory;
    this.#arch = arch;
  }

  /** Sets the folder up and fetches the package lists. `warn` hears of indexes that could not be read. */
  static async open(directory: string, arch: string, warn: (line: string) => void): Promise<PrivateApt> {
    for (const folder of ['lists/partial', 'archives/partial', 'download']) {
      await mkdir(join(directory, folder), { recursive: true });
    }
    await writeFile(join(directory, 'status'), '');
    await writeFile(join(directory, 'apt.conf'), await configuration(directory, arch));
    const apt = new PrivateApt(directory, arch);
    const update = await apt.#run('apt-get', ['-q', 'update']);
    if (update.status !== 0)
      warn(`apt-get update: ${firstError(update)}; going on with the indexes that could be read`);
    return apt;
  }

  /** The version of a package that apt would install, or undefined when no source has it. */
  async find(name: string): Promise<PackageRecord | undefined> {
    const { stdout } = await this.#run('apt-cache', ['-q', '--no-all-versions', 'show', name]);
    return parseRecord(stdout);
  }

  /** Downloads a package (apt checks its hash) and returns the .deb file's path. */
  async download(name: string): Promise<string> {
    const folder = join(this.#directory, 'download', name);
    await mkdir(folder, { recursive: true });
    const result = await this.#run('apt-get', ['-q', 'download', name], folder);
    const deb = (await readdir(folder)).find((file) => file.endsWith('.deb'));
    if (result.status !== 0 || deb === undefined) {
      throw new PullError(
        `cannot download ${name} (${this.#arch}): ${firstError(result)}; check the network and retry`,
      );
    }
    return join(folder, deb);
  }

  #run(program: string, args: readonly string[], cwd = this.#directory): Promise<ToolResult> {
    return runTool(program, args, { cwd, env: { APT_CONFIG: join(this.#directory, 'apt.conf') } });
  }
}

/**
 * The first paragraph that `apt-cache show` prints, as a record.
 * @returns undefined for anything that is not a package's paragraph
 */
export function parseRecord(text: string): PackageRecord | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n\n', 1)[0].split('\n')) {
    const field = /^([A-Za-z0-9-]+): (.*)$/.exec(line);
    if (field !== null) fields.set(field[1], field[2]);
  }
  const name = fields.get('Package');
  const version = fields.get('Version');
  if (name === undefined || version === undefined) return undefined;
  const depends = (fields.get('Depends') ?? '').split(',').map((item) => item.trim().split(/[ (:|]/, 1)[0]);
  return { name, version, depends: depends.filter((item) => item !== ''), size: Number(fields.get('Size') ?? 0) };
}

/** The host's own configuration without its hooks, then ours: sources, keys and proxies stay as they are. */
async function configuration(directory: string, arch: string): Promise<string> {
  const dump = await runTool('apt-config', ['dump']);
  if (dump.status !== 0) throw new PullError(`apt-config failed: ${firstError(dump)}; ${OWN_KERNEL_HINT}`);
  const kept = dump.stdout
    .split('\n')
    .filter((line) => !/^(DPkg|APT::Update|APT::Architecture|Dir::State)/i.test(line));
  return [
    ...kept,
    'Dir::Etc::parts "/dev/null";',
    'Dir::Etc::main "/dev/null";',
    `APT::Architecture "${arch}";`,
    `APT::Architectures { "${arch}"; };`,
    'APT::Sandbox::User "";',
    'Acquire::Languages "none";',
    `Dir::State "${directory}";`,
    `Dir::State::lists "${join(directory, 'lists')}/";`,
    `Dir::State::status "${join(directory, 'status')}";`,
    `Dir::Cache "${directory}";`,
    `Dir::Cache::archives "${join(directory, 'archives')}/";`,
    '',
  ].join('\n');
}

function firstError({ stderr }: ToolResult): string {
  const error = stderr.split('\n').find((line) => line.startsWith('E: '));
  return error?.slice(3).trim() ?? lastLine(stderr);
}
