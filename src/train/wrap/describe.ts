import { LogowatchError } from '../../core/errors.js';
import type {
  BoxForm,
  ForeignInput,
  ForeignNetwork,
  ForeignOutput,
  ForeignTensor,
  Normalisation,
  OutputKind,
} from '../../infer/foreign/foreign.js';
import { preprocess } from '../../infer/foreign/preprocess.js';
import type { Picture } from '../compose/raster.js';

export interface Described {
  readonly input?: { readonly width: number; readonly height: number } | undefined;
  readonly layout?: 'nhwc' | 'nchw' | undefined;
  readonly normalise?: Normalisation | undefined;
  readonly aspect?: 'stretch' | 'keep' | undefined;
  readonly margin?: number | undefined;
  readonly outputKind?: OutputKind | undefined;
  readonly detector?: BoxForm | undefined;
}

const usage = (message: string, value: string, remedy: string): LogowatchError =>
  new LogowatchError('usage', message, { value, remedy });

/** The network's input from what it says of itself and what the user says. Errors: usage where they differ. */
export function describeInput({ dims, inputType }: ForeignNetwork, said: Described): ForeignInput {
  const shape = dims.map((d) => d ?? '?').join('x');
  if (dims.length !== 4)
    throw usage(
      'The network’s input is no batch of pictures',
      shape,
      'It must have 4 dimensions, one of them 3',
    );
  if (dims[0] !== undefined && dims[0] !== 1)
    throw usage('The network takes only whole batches', shape, 'Export it for 1 picture or any number');
  const layout = said.layout ?? (dims[3] === 3 ? 'nhwc' : dims[1] === 3 ? 'nchw' : undefined);
  if (layout === undefined || (layout === 'nhwc' ? dims[3] : dims[1]) === undefined)
    if (said.layout === undefined)
      throw usage('The network does not say where its colours are', shape, 'Give --layout nhwc or nchw');
  const [height, width] = layout === 'nhwc' ? [dims[1], dims[2]] : [dims[2], dims[3]];
  const colours = layout === 'nhwc' ? dims[3] : dims[1];
  if (colours !== undefined && colours !== 3)
    throw usage(
      `With layout ${layout} the network does not take 3 colours`,
      shape,
      'Give the other --layout',
    );
  const size = { width: width ?? said.input?.width, height: height ?? said.input?.height };
  if (size.width === undefined || size.height === undefined)
    throw usage(
      'The network takes pictures of any size',
      shape,
      'Give --input WIDTHxHEIGHT, as it was trained',
    );
  if (said.input && (said.input.width !== size.width || said.input.height !== size.height))
    throw usage(
      `The network takes pictures of ${size.width}x${size.height}`,
      `${said.input.width}x${said.input.height}`,
      'Leave --input out',
    );
  return {
    width: size.width,
    height: size.height,
    layout: layout!,
    normalise: said.normalise ?? (inputType === 'uint8' ? 'none' : '0..1'),
    aspect: said.aspect ?? (said.detector === undefined ? 'stretch' : 'keep'),
    margin: said.margin ?? 1.25,
  };
}

/** What the network gives, found out by showing it pictures. Errors: usage for a wrong number of labels. */
export async function describeOutput(
  network: ForeignNetwork,
  input: ForeignInput,
  labels: number,
  said: Described,
  pictures: readonly Picture[],
): Promise<ForeignOutput> {
  const rows: number[][] = [];
  let outputs: readonly ForeignTensor[] = [];
  for (const picture of pictures) {
    const { width, height } = picture;
    const source = { ...picture, content: { x: 0, y: 0, width, height } };
    const { data, dims } = preprocess(source, [[0, 0, width, height]], input, network.inputType);
    outputs = await network.run(data, dims);
    rows.push(Array.from(outputs[0]?.data ?? []));
  }
  const form = said.detector ?? boxForm(outputs, labels);
  if (form !== undefined) return { task: 'detector', form, classes: labels };
  const count = rows[0]?.length ?? 0;
  if (outputs.length !== 1 || count !== labels) {
    const shapes = outputs.map((t) => t.dims.join('x')).join(', ');
    throw usage(
      `The network has ${count} outputs, --labels names ${labels}`,
      shapes,
      'Name every class once, in order; a class that is no logo goes into --background too',
    );
  }
  return { task: 'classifier', kind: outputKind(network, rows, said.outputKind), classes: labels };
}

function outputKind(
  network: ForeignNetwork,
  rows: readonly number[][],
  said: OutputKind | undefined,
): OutputKind {
  if (network.softmaxLeftOut) return 'logits';
  const shares = rows.flat().every((v) => v >= 0 && v <= 1.0001);
  const whole = shares && rows.every((row) => Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 0.01);
  const seen = whole ? 'softmax' : shares ? 'sigmoid' : 'logits';
  const possible = said === undefined || said === 'logits' || (said === 'softmax' ? whole : shares);
  if (!possible)
    throw usage(
      `The outputs are no ${said}`,
      `${rows[0]
        ?.slice(0, 4)
        .map((v) => v.toPrecision(3))
        .join(', ')}, ...`,
      `They look like ${seen}: leave --output-kind out`,
    );
  return said ?? seen;
}

function boxForm(outputs: readonly ForeignTensor[], labels: number): BoxForm | undefined {
  const [first] = outputs;
  if (outputs.length >= 3 && outputs.some((t) => t.dims.at(-1) === 4)) return 'boxes';
  if (first === undefined || first.dims.length !== 3) return undefined;
  if (first.dims[1] === labels + 4) return 'yolov8';
  return first.dims[2] === labels + 5 ? 'yolov5' : undefined;
}
