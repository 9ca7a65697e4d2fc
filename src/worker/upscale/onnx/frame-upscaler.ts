import type { Size } from '../../../core/hints/display-size.ts';
import {
  drainPlanes,
  fillPlanes,
  type Picture,
  type SampleCoding,
  sampleCoding,
  type TensorData,
  type TensorPart,
} from './convert.ts';
import type { ModelFacts } from './model-facts.ts';
import type { Runtime, Session } from './runtime.ts';
import type { Cut, Span } from './tiles.ts';

interface FrameUpscalerOptions {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly model: ModelFacts;
  readonly batchSize: number;
  readonly columns: Cut;
  readonly rows: Cut;
  /** The largest sample: 255 or 65,535. */
  readonly top: 255 | 65_535;
}

/** Tensors of some windows; those of all numbers of windows share their memory. */
interface Binding {
  readonly feeds: Parameters<Session['run']>[0];
  readonly fetches: Readonly<Record<string, OnnxTensor>>;
}

type OnnxTensor = InstanceType<Runtime['Tensor']>;

/** Enlarges frames tile by tile; the same tile of all frames of a batch goes through the model at once. */
export class FrameUpscaler {
  readonly #options: FrameUpscalerOptions;
  readonly #coding: SampleCoding;
  /** Windows that go through the model at once. */
  readonly #depth: number;
  readonly #window: Size;
  readonly #input: TensorData;
  readonly #output: TensorData;
  readonly #bindings = new Map<number, Binding>();

  /** @throws RangeError when there is not memory enough for its tensors. */
  constructor(options: FrameUpscalerOptions) {
    const { model, batchSize, columns, rows, top } = options;
    this.#options = options;
    this.#coding = sampleCoding(top, model.isHalf);
    this.#depth = model.batch ?? batchSize;
    this.#window = { width: columns.window, height: rows.window };
    const numbers = this.#depth * 3 * columns.window * rows.window;
    const TensorArray = model.isHalf ? Uint16Array : Float32Array;
    this.#input = new TensorArray(numbers);
    this.#output = new TensorArray(numbers * model.scale ** 2);
  }

  /** Fills the pictures of `to` with those of `from`, enlarged. */
  async upscale(from: readonly Picture[], to: readonly Picture[]): Promise<void> {
    const { columns, rows } = this.#options;
    for (let first = 0; first < from.length; first += this.#depth) {
      const small = from.slice(first, first + this.#depth);
      const large = to.slice(first, first + this.#depth);
      for (const row of rows.spans)
        for (const column of columns.spans) await this.#runTile(small, large, column, row);
    }
  }

  async #runTile(from: readonly Picture[], to: readonly Picture[], columns: Span, rows: Span): Promise<void> {
    const { session, model } = this.#options;
    const coding = this.#coding;
    const window = { ...this.#window, x: columns.windowBegin, y: rows.windowBegin };
    for (const [index, picture] of from.entries())
      fillPlanes(this.#partOf(this.#input, index, 1), picture, window, coding);
    // A model of a fixed batch computes the rest of it, too; what comes of that is left alone.
    const { feeds, fetches } = this.#bindingFor(model.batch ?? from.length);
    await session.run(feeds, fetches);
    const crop = { columns, rows, window: this.#window, scale: model.scale };
    for (const [index, picture] of to.entries())
      drainPlanes(picture, this.#partOf(this.#output, index, model.scale), crop, coding);
  }

  #partOf(data: TensorData, index: number, scale: number): TensorPart {
    return { data, offset: index * 3 * this.#window.width * this.#window.height * scale * scale };
  }

  #bindingFor(count: number): Binding {
    const known = this.#bindings.get(count);
    if (known) return known;
    const made = this.#bind(count);
    this.#bindings.set(count, made);
    return made;
  }

  #bind(count: number): Binding {
    const { model } = this.#options;
    const { width, height } = this.#window;
    const tensor = (data: TensorData, scale: number) => {
      const dims = [count, 3, height * scale, width * scale];
      return this.#tensor(data.subarray(0, count * 3 * width * height * scale * scale), dims);
    };
    return {
      feeds: { [model.inputName]: tensor(this.#input, 1) },
      fetches: { [model.outputName]: tensor(this.#output, model.scale) },
    };
  }

  #tensor(data: TensorData, dims: readonly number[]): OnnxTensor {
    const { Tensor } = this.#options.runtime;
    return data instanceof Float32Array
      ? new Tensor('float32', data, dims)
      : new Tensor('float16', data, dims);
  }
}
