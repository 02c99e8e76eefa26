import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from '../../src/core/root.js';

export interface Copy {
  /** Another stage; undefined: the checkout. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface Stage {
  readonly copies: readonly Copy[];
  /** Of the distribution. */
  readonly packages: readonly string[];
  readonly user: string | undefined;
  readonly workdir: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** As much of a Dockerfile as ours use; paths within the checkout. Throws on an instruction that it does not know. */
export function readImage(path: string): { readonly stages: readonly Stage[]; readonly last: Stage } {
  const text = readFileSync(join(repoRoot(), path), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ');
  const stages = text
    .split(/^FROM .*$/m)
    .slice(1)
    .map(readStage);
  return { stages, last: stages.at(-1)! };
}

function readStage(text: string): Stage {
  const of = (name: string): string[] =>
    [...text.matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map(([, rest = '']) => rest.trim());
  const one = (name: string): string | undefined => of(name).at(-1);
  const json = (value: string | undefined): string[] => (value === undefined ? [] : JSON.parse(value));
  for (const [, name = ''] of text.matchAll(/^([A-Z]+) /gm))
    if (!KNOWN.has(name)) throw new Error(`an instruction that tests do not know: ${name}`);
  return {
    copies: of('COPY').map(readCopy),
    packages: of('RUN').flatMap(
      (run) => /--no-install-recommends ([\w+. -]+?) &&/.exec(run)?.[1]?.split(' ') ?? [],
    ),
    user: one('USER'),
    workdir: one('WORKDIR'),
    environment: Object.fromEntries(
      of('ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('='))),
    ),
    entrypoint: json(one('ENTRYPOINT')),
    command: json(one('CMD')),
    healthcheck: json(one('HEALTHCHECK')?.replace(/^.* CMD /, '')),
  };
}

const KNOWN = new Set('ARG CMD COPY ENTRYPOINT ENV EXPOSE HEALTHCHECK RUN USER WORKDIR'.split(' '));

function readCopy(line: string): Copy {
  const words = line.split(/\s+/);
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
  const target = words.pop() ?? '';
  return { from, sources: words, target };
}
