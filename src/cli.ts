#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { exitCodeOf, printError } from './commands/io.js';
import { useShippedFonts } from './core/fonts.js';
import { repoRoot } from './core/root.js';

const { version } = JSON.parse(readFileSync(join(repoRoot(), 'package.json'), 'utf8')) as { version: string };

const program = new Command('logowatch')
  .description('Watches live TV for logos: streams in, appearance events out, silent on everything else.')
  .version(version)
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText(
    'after',
    `
Examples:
  logowatch demo                                      a generated broadcast, watched live, scored against its truth
  logowatch watch rtsp://camera/live --model my-model watch a stream until Ctrl-C
  logowatch train logos/ -o my-model                  learn the logos in a folder per brand, COCO, YOLO or VOC
  logowatch add-brand my-model acme acme-*.jpg        add a logo to a model in seconds
  logowatch wrap resnet50.onnx --labels labels.txt -o my-model   use a classifier of your own
  logowatch detect my-model photo.jpg --json          look at pictures
  logowatch eval my-model held-out/                   measure a model, false alarms first
  logowatch mine my-model match.mp4 -o mined          collect what it takes for logos, to judge and to train on
  logowatch promote better my-model --reviewed review put a better model in the place of another
  logowatch calibrate my-model tv-without-logos/      set the thresholds for 0.1 false appearances an hour
  logowatch report out/events.jsonl                   how long each brand was on screen

Exit codes: 0 done, 1 failed, 2 wrong usage or config.`,
  );
/** The table of commands: one file each, which is loaded when it is wanted. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./commands/demo.js')).demoCommand(),
  watch: async () => (await import('./commands/watch.js')).watchCommand(),
  detect: async () => (await import('./commands/detect.js')).detectCommand(),
  train: async () => (await import('./commands/train.js')).trainCommand(),
  'add-brand': async () => (await import('./commands/add-brand.js')).addBrandCommand(),
  wrap: async () => (await import('./commands/wrap.js')).wrapCommand(),
  eval: async () => (await import('./commands/eval.js')).evalCommand(),
  mine: async () => (await import('./commands/mine.js')).mineCommand(),
  promote: async () => (await import('./commands/promote.js')).promoteCommand(),
  calibrate: async () => (await import('./commands/calibrate.js')).calibrateCommand(),
  ingest: async () => (await import('./commands/stages.js')).ingestCommand(),
  infer: async () => (await import('./commands/stages.js')).inferCommand(),
  sink: async () => (await import('./commands/stages.js')).sinkCommand(),
  replay: async () => (await import('./commands/replay.js')).replayCommand(),
  report: async () => (await import('./commands/report.js')).reportCommand(),
  erase: async () => (await import('./commands/erase.js')).eraseCommand(),
};
const [asked = ''] = process.argv.slice(2);
// Help, and a name that is none, want to know them all.
const names = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
for (const name of names) program.addCommand((await COMMANDS[name]!()).exitOverride());

useShippedFonts();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    printError(error);
    process.exitCode = exitCodeOf(error);
  }
}
