// Imports run one way: core <- telemetry <- bus <- {ingest, infer, sink} <- {demo, mine, pipeline, commands} <- cli.
// `exposure` counts what was found, and knows the vocabulary alone. `replay` joins the bus, infer, sink and exposure.
// `train` may use core, telemetry and infer, so that evaluation runs the production path. Stages never import each
// other: topics join them. test/boundaries.test.ts plants a violation of each rule, so that none can fail open.
const within = (...folders) => `^src/(${folders.join('|')})/`;
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: within(from) },
  to: { path: '^src/', pathNot: within(from, ...allowed) },
});

module.exports = {
  forbidden: [
    only('core-imports-nothing', 'core', []),
    only('telemetry-imports-core', 'telemetry', ['core']),
    only('bus-imports-core', 'bus', ['core', 'telemetry']),
    only('ingest-is-a-stage', 'ingest', ['core', 'telemetry', 'bus']),
    only('infer-is-a-stage', 'infer', ['core', 'telemetry', 'bus']),
    only('sink-is-a-stage', 'sink', ['core', 'telemetry', 'bus', 'store']),
    only('store-knows-the-vocabulary', 'store', ['core', 'telemetry']),
    only('train-uses-the-production-path', 'train', ['core', 'telemetry', 'infer']),
    only('mine-joins-ingest-and-infer', 'mine', ['core', 'telemetry', 'bus', 'ingest', 'infer']),
    only('streams-say-what-ingest-does', 'streams', ['core', 'telemetry', 'bus', 'ingest']),
    only('demo-is-no-stage', 'demo', ['core', 'telemetry']),
    only('exposure-is-arithmetic', 'exposure', ['core']),
    only('evidence-keeps-what-was-seen', 'evidence', ['core', 'telemetry', 'bus', 'sink']),
    only('web-shows-what-there-is', 'web', [
      'core',
      'telemetry',
      'bus',
      'sink',
      'store',
      'streams',
      'exposure',
      'evidence',
      'mine',
    ]),
    only('replay-joins-as-the-pipeline-does', 'replay', [
      'core',
      'telemetry',
      'bus',
      'infer',
      'sink',
      'exposure',
    ]),
    {
      // Which says why: it sets what the library must find in the environment before its first session.
      name: 'onnx-runtime-comes-through-its-engine',
      severity: 'error',
      from: { pathNot: '^src/infer/engines/onnx\\.ts$' },
      to: { path: 'node_modules/onnxruntime-node', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
