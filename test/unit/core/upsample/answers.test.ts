import { describe, expect, it } from 'vitest';
import { checkAnswer } from '../../../../src/core/upsample/check-answer.ts';
import { tidyAnswer } from '../../../../src/core/upsample/tidy-answer.ts';

const prompt = 'a red car in the rain';
const text =
  'A red car turns left at a wet crossing while rain runs down its windows, neon signs shimmer in the puddles, and ' +
  'the camera follows slowly from behind.';

interface Row {
  /** As a server sends it. */
  readonly answer: string;
  readonly finishReason?: string;
  readonly outputTokens?: number;
  readonly refusal?: string;
  /** The code of the failure, or the enriched prompt, which is {@link text} unless the row says otherwise. */
  readonly ends?: string;
}

/** What becomes of it: the enriched prompt, or the code of its failure. */
function outcomeOf({ answer, finishReason = 'stop', outputTokens = 40, refusal }: Row): string {
  const tidy = tidyAnswer(answer);
  const checked = { ...tidy, finishReason, outputTokens, refusal: refusal ?? null, framesUsed: 8 };
  const asked = { prompt, instruction: '', hasHint: true, maxOutputTokens: 512 };
  return checkAnswer(checked, asked)?.code ?? tidy.text;
}

function rows(table: readonly Row[]): void {
  it.each(table)('$answer ($finishReason) ends as $ends', (row) =>
    expect(outcomeOf(row)).toBe(row.ends ?? text),
  );
}

describe('wrapped', () => {
  rows([
    { answer: text },
    { answer: `\n\n${text}\n` },
    { answer: `<answer>${text}</answer>` },
    { answer: `<ANSWER>\n${text}\n</ANSWER>` },
    { answer: `<enhanced_prompt>${text}</enhanced_prompt>` },
    { answer: `<final_answer>${text}` },
    { answer: `${text}\n</answer>` },
    { answer: `<output>"${text}"</output>` },
    { answer: `\`\`\`json\n{"prompt": "${text}"}\n\`\`\`` },
    { answer: `{"upsampled_prompt": "${text}", "confidence": 0.9}` },
    { answer: `["${text}"]` },
    { answer: `\`\`\`xml\n<prompt>${text}</prompt>\n\`\`\`` },
    { answer: `Here is the enhanced prompt:\n\n\`\`\`\n${text}\n\`\`\`` },
    { answer: `**Enhanced Prompt:** “${text}”` },
  ]);
});

describe('with hidden characters', () => {
  rows([
    { answer: `\u202e${text}\u200b\u{e0041}` },
    { answer: text.replaceAll(' ', ' \u2060').replace('car', 'c\u0007ar') },
    { answer: `{"prompt": "\\u202e${text}\\ud800"}` },
    { answer: `\ufeff"${text}"` },
  ]);
});

describe('in Markdown', () => {
  rows([
    { answer: text.replace('red car', '**red car**').replace('slowly', '*slowly*') },
    { answer: text.replace('red car', '__red car__').replace('slowly', '_slowly_') },
    { answer: `# Scene\n${text}`, ends: `Scene\n${text}` },
    { answer: `> ${text}` },
    { answer: `* ${text}` },
    { answer: `---\n${text}\n***` },
    { answer: text.replace('neon signs', '[neon signs](https://example.org/neon)') },
    { answer: `${text} A sign reads 2 * 3.`, ends: `${text} A sign reads 2  3.` },
    { answer: `${text} The file snake_case_name glows.`, ends: `${text} The file snake_case_name glows.` },
  ]);
});

describe('with what the model thought', () => {
  rows([
    { answer: `<think>A car. Rain.</think>\n\n${text}` },
    { answer: `A car. Rain.\n</think>\n${text}` },
    { answer: `<thinking>neon?</thinking><answer>${text}</answer>` },
    { answer: `◁think▷The user wants rain.◁/think▷${text}` },
    { answer: `The user wants rain.◁/think▷${text}` },
    { answer: `[THINK]Rain, then.[/THINK]${text}` },
    { answer: `<|begin_of_thought|>Hm.<|end_of_thought|>\n${text}` },
    { answer: `<seed:think>Wet streets.</seed:think>${text}` },
    {
      answer: `<|channel|>analysis<|message|>Rain.<|end|><|start|>assistant<|channel|>final<|message|>${text}<|return|>`,
    },
    { answer: `analysisThe user wants rain.assistantfinal${text}` },
    { answer: '<think>The user wants', finishReason: 'length', outputTokens: 512, ends: 'output-truncated' },
    { answer: '◁think▷The user wants', ends: 'output-truncated' },
    { answer: '<|channel|>analysis<|message|>The user wants', ends: 'output-truncated' },
    // `content` is null, and all the tokens are in `reasoning_content`.
    { answer: '', finishReason: 'length', outputTokens: 512, ends: 'output-truncated' },
  ]);
});

describe('with tokens of a chat template', () => {
  rows([
    { answer: `${text}<|im_end|>` },
    { answer: `<|im_start|>assistant\n${text}<|im_end|>` },
    { answer: `${text}</s>` },
    { answer: `<s> ${text} </s>` },
    { answer: `${text}<|im_assistant|>` },
    { answer: `${text}<end_of_turn>\n<start_of_turn>user\nAnother one` },
    { answer: `<start_of_turn>model\n${text}` },
    { answer: `${text}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nMore` },
    { answer: `<|start_header_id|>assistant<|end_header_id|>\n\n${text}` },
    { answer: `${text}<｜end▁of▁sentence｜>` },
    { answer: `[INST]${text}[/INST]` },
    { answer: `${text}<|endoftext|>Human: again` },
    { answer: `<|begin_of_box|>${text}<|end_of_box|>` },
    { answer: `${text}<|END_OF_TURN_TOKEN|>` },
    { answer: `<think>ok</think><answer>${text}</answer><|im_end|>` },
  ]);
});

describe('refused', () => {
  rows(
    [
      "I'm sorry, but I can't assist with that request.",
      'I’m sorry, I cannot help with this.',
      'Sorry, but I can’t create descriptions of this video.',
      "I'm unable to view images or videos.",
      'I am not able to see the frames that you mention, so I can only guess.',
      'I cannot fulfill this request.',
      "Unfortunately, I can't watch videos.",
      "As an AI language model, I don't have the ability to see images.",
      'I apologize, but I am unable to process this.',
      '<think>Not allowed.</think>I must decline.',
      '抱歉，我无法处理这个请求。',
      '申し訳ありませんが、そのリクエストにはお応えできません。',
      'Es tut mir leid, aber ich kann dabei nicht helfen.',
      'Je suis désolé, mais je ne peux pas vous aider.',
      'Lo siento, pero no puedo ayudar con eso.',
      'Извините, я не могу с этим помочь.',
    ].map((answer) => ({ answer, ends: 'output-refused' })),
  );
  rows([{ answer: '', refusal: 'I will not do that.', ends: 'output-refused' }]);
});

describe('cut off, filtered or empty', () => {
  rows([
    { answer: text, finishReason: 'length', outputTokens: 512, ends: 'output-truncated' },
    { answer: text, finishReason: 'length', outputTokens: 251, ends: 'context-exceeded' },
    { answer: 'A red car turns', finishReason: 'content_filter', ends: 'output-filtered' },
    { answer: '', finishReason: 'content_filter', ends: 'output-filtered' },
    { answer: '', ends: 'output-empty' },
    { answer: '<think></think>', ends: 'output-empty' },
    { answer: '…', ends: 'output-empty' },
    { answer: prompt, ends: 'output-copied' },
    { answer: `<answer>${prompt}</answer>`, ends: 'output-copied' },
  ]);
});

describe('ordinary prompts come through unchanged', () => {
  rows(
    [
      'A thermometer reads < 5 degrees | a crowd waits at the gate, breath steaming in the cold morning light.',
      'The sign says <STOP> and below it "Go slow", while a tram passes on wet rails in the evening haze.',
      '1. A cat wakes up on a sill.\n2. It stretches in the morning sun.\n3. It leaves through the open door.',
      '- wide shot of a harbour at dusk\n- gulls circle above the moored boats\n- slow dolly in on the lighthouse',
      '"I\'m sorry, but I can\'t stay," whispers a woman in a red coat as the train pulls out of the station.',
      'A monitor shows the HTML <p>hello</p> in green letters while rain taps on the window of the dark office.',
      'Sorry-looking puppets can be seen hanging in a dusty workshop while an old man carves another one.',
      'I walk along the beach at dawn, waves washing over my feet, the camera held low near the wet sand.',
      'A man thinks aloud: think, think! He paces through a library, and papers fly from the overfull desk.',
      'Shell prompt `$ cat a | sort <in >out` glows on a terminal as the camera drifts over the humming racks.',
      'A robot arm follows {"x": 1, "y": 2} on a screen, then turns and lifts a crate onto the moving belt.',
      '[A wide shot] A valley full of fog, pine trees standing out like islands, while the sun slowly rises.',
    ].map((answer) => ({ answer, ends: answer })),
  );
});
