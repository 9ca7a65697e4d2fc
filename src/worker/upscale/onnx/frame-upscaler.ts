import type { Size } from '../../../core/hints/display-size.ts';
import type { ModelFacts } from './model-facts.ts';
import { pictureInput, pictureOutput, type SampleType } from './picture-graph.ts';
import { newSamples, pictureTensor, type Runtime, type Samples, type Session } from './runtime.ts';
import type { Cut, Span } from './tiles.ts';
import { copyCore, copyWindow, type Picture } from './windows.ts';

interface FrameUpscalerOptions {
  readonly runtime: Runtime;
  /** Of the model as it takes pictures. */
  readonly session: Session;
  readonly model: ModelFacts;
  readonly batchSize: number;
  readonly columns: Cut;
  readonly rows: Cut;
  readonly type: SampleType;
}

type OnnxTensor = InstanceType<Runtime['Tensor']>;

/** Tensors of some windows; those of all numbers of windows share their memory. */
interface Binding {
  readonly feeds: Readonly<Record<string, OnnxTensor>>;
  readonly fetches: Readonly<Record<string, OnnxTensor>>;
}

/**
 * Enlarges frames tile by tile; the same tile of all frames of a batch goes through the model at once. No pixel is computed
 * here: rows are copied into the model's memory, which is taken once, and out of it.
 */
export class FrameUpscaler {
  readonly #options: FrameUpscalerOptions;
  /** Windows that go through the model at once. */
  readonly #depth: number;
  readonly #window: Size;
  readonly #input: Samples;
  readonly #output: Samples;
  readonly #bindings = new Map<number, Binding>();

  /** @throws RangeError when there is not memory enough for its tensors. */
  constructor(options: FrameUpscalerOptions) {
    const { model, batchSize, columns, rows, type } = options;
    this.#options = options;
    this.#depth = model.batch ?? batchSize;
    this.#window = { width: columns.window, height: rows.window };
    const samples = this.#depth * 3 * columns.window * rows.window;
    this.#input = newSamples(type, samples);
    this.#output = newSamples(type, samples * model.scale ** 2);
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
    const window = { ...this.#window, x: columns.windowBegin, y: rows.windowBegin };
    for (const [index, picture] of from.entries())
      copyWindow(this.#partOf(this.#input, index, 1), picture, window);
    // A model of a fixed batch computes the rest of it, too; what comes of that is left alone.
    const { feeds, fetches } = this.#bindingFor(model.batch ?? from.length);
    await session.run(feeds, fetches);
    const crop = { columns, rows, window: this.#window, scale: model.scale };
    for (const [index, picture] of to.entries())
      copyCore(picture, this.#partOf(this.#output, index, model.scale), crop);
  }

  #partOf(samples: Samples, index: number, scale: number): Samples {
    const length = 3 * this.#window.width * this.#window.height * scale * scale;
    return samples.subarray(index * length, (index + 1) * length);
  }

  #bindingFor(count: number): Binding {
    const known = this.#bindings.get(count);
    if (known) return known;
    const made = this.#bind(count);
    this.#bindings.set(count, made);
    return made;
  }

  #bind(count: number): Binding {
    const { runtime, model } = this.#options;
    const { width, height } = this.#window;
    const tensor = (samples: Samples, scale: number) => {
      const part = samples.subarray(0, count * 3 * width * height * scale * scale);
      return pictureTensor(runtime, part, [count, height * scale, width * scale]);
    };
    return {
      feeds: { [pictureInput]: tensor(this.#input, 1) },
      fetches: { [pictureOutput]: tensor(this.#output, model.scale) },
    };
  }
}
