#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { addBrandCommand } from './commands/add-brand.js';
import { calibrateCommand } from './commands/calibrate.js';
import { demoCommand } from './commands/demo.js';
import { detectCommand } from './commands/detect.js';
import { eraseCommand } from './commands/erase.js';
import { evalCommand } from './commands/eval.js';
import { exitCodeOf, printError } from './commands/io.js';
import { mineCommand } from './commands/mine.js';
import { promoteCommand } from './commands/promote.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { inferCommand, ingestCommand, sinkCommand } from './commands/stages.js';
import { trainCommand } from './commands/train.js';
import { watchCommand } from './commands/watch.js';
import { wrapCommand } from './commands/wrap.js';
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
// The table of commands: one file each.
for (const command of [
  demoCommand,
  watchCommand,
  detectCommand,
  trainCommand,
  addBrandCommand,
  wrapCommand,
  evalCommand,
  mineCommand,
  promoteCommand,
  calibrateCommand,
  ingestCommand,
  inferCommand,
  sinkCommand,
  replayCommand,
  reportCommand,
  eraseCommand,
]) {
  program.addCommand(command().exitOverride());
}

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
