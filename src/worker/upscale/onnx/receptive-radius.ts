import type { Graph, GraphNode } from './graph.ts';

/** How far a value depends on the picture, in pixels of the picture. */
interface Reach {
  /** Pixels farther away than this, across or down, do not matter. */
  readonly radius: number;
  /** Distance of two neighbouring values. */
  readonly step: number;
}

/** Operations that look at one place only, whatever they do there. */
const localOps = new Set(
  [
    'Abs Add BatchNormalization Cast Ceil Celu Clip Concat Constant ConstantOfShape Div Dropout Elu Equal Erf Exp Expand',
    'Flatten Floor Gather Gelu Gemm Greater HardSigmoid HardSwish Identity LayerNormalization LeakyRelu Less Log MatMul Max',
    'Mean Min Mish Mod Mul Neg Not PRelu Pad Pow Range Reciprocal Relu Reshape Round Selu Shape Sigmoid Sign Size Slice',
    'Softplus Softsign Split Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Transpose Unsqueeze Where',
  ].flatMap((line) => line.split(' ')),
);
/** By how many values of its input each kind of interpolation looks around. */
const interpolationReach: Readonly<Record<string, number>> = { nearest: 0, linear: 1, cubic: 2 };
/** Transposition that gathers blocks of pixels into channels; how large they are is not seen from it. */
const gatheringOrder = '0,1,3,5,2,4';
const assumedBlock = 4;

/**
 * How far around a pixel a model looks, in pixels of its input, rounded up; never too little. Null where it looks at the
 * whole picture, or does what is not known here.
 *
 * @param input - Name of the picture.
 * @param output - Name of the result.
 */
export function receptiveRadius(graph: Graph, input: string, output: string): number | null {
  const reaches = new Map<string, Reach>([[input, { radius: 0, step: 1 }]]);
  for (const node of graph.nodes) {
    const seen = node.inputs.flatMap((name) => reaches.get(name) ?? []);
    if (seen.length === 0) continue;
    const widest = {
      radius: Math.max(...seen.map(({ radius }) => radius)),
      step: Math.max(...seen.map(({ step }) => step)),
    };
    const next = reachAfter(node, widest, seen.length, graph);
    if (next === null) return null;
    for (const name of node.outputs) reaches.set(name, next);
  }
  const reach = reaches.get(output);
  return reach ? Math.ceil(reach.radius) : null;
}

function reachAfter(node: GraphNode, from: Reach, seenInputs: number, graph: Graph): Reach | null {
  const { radius, step } = from;
  if (node.isNested) return null;
  switch (node.op) {
    case 'Conv':
    case 'MaxPool':
    case 'AveragePool':
      return afterKernel(node, from, graph);
    case 'ConvTranspose': {
      const stride = largest(node, 'strides', 1);
      const { extent } = kernelOf(node, graph);
      return { radius: radius + Math.ceil(extent / stride) * step, step: step / stride };
    }
    case 'DepthToSpace':
      return { radius, step: step / largest(node, 'blocksize', 1) };
    case 'SpaceToDepth':
      return gathered(from, largest(node, 'blocksize', 1));
    case 'Transpose':
      return String(node.attributes.get('perm')) === gatheringOrder ? gathered(from, assumedBlock) : from;
    case 'Resize':
    case 'Upsample':
      return afterResize(node, from, graph);
    case 'MatMul':
      // With weights it mixes the channels of one place; of two things that depend on the picture it mixes places.
      return seenInputs > 1 ? null : from;
    default:
      return localOps.has(node.op) ? from : null;
  }
}

function afterKernel(node: GraphNode, { radius, step }: Reach, graph: Graph): Reach {
  const { extent } = kernelOf(node, graph);
  const pads = node.attributes.get('pads');
  const ahead = Array.isArray(pads) ? Math.min(...pads.slice(0, pads.length / 2)) : Math.floor(extent / 2);
  const farther = Math.max(ahead, extent - ahead);
  return { radius: radius + farther * step, step: step * largest(node, 'strides', 1) };
}

function afterResize(node: GraphNode, { radius, step }: Reach, graph: Graph): Reach {
  const mode = node.attributes.get('mode');
  const around = interpolationReach[typeof mode === 'string' ? mode : 'nearest'] ?? 2;
  const factors = node.inputs.flatMap((name) => graph.smallTensors.get(name) ?? []);
  // Sizes that are not in the file are taken for those of an enlargement, in which values come closer together.
  const smallest = Math.min(1, ...factors.filter((factor) => factor > 0));
  return { radius: radius + around * Math.max(step, step / smallest), step: step / smallest };
}

function gathered({ radius, step }: Reach, block: number): Reach {
  return { radius: radius + (block - 1) * step, step: step * block };
}

/** Distance of the first to the last value that a kernel takes in. */
function kernelOf(node: GraphNode, graph: Graph): { readonly extent: number } {
  const weights = graph.tensorDims.get(node.inputs[1] ?? '')?.slice(2) ?? [];
  const kernel = Math.max(largest(node, 'kernel_shape', 1), ...weights);
  return { extent: (kernel - 1) * largest(node, 'dilations', 1) };
}

function largest(node: GraphNode, name: string, otherwise: number): number {
  const value = node.attributes.get(name);
  return Array.isArray(value) && value.length > 0 ? Math.max(...value) : otherwise;
}
