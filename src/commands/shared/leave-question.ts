type LeaveAnswer = 'stop' | 'leave' | 'no-answer' | 'continue';

export interface LeaveQuestion {
  /** Takes the question back; no answer comes any more. */
  close(): void;
}

const timeoutS = 20;

/** Keys of an answer; Ctrl-C is a key here, because a terminal that passes single keys makes no signal of it. */
const answers: Readonly<Record<string, LeaveAnswer>> = {
  '\u0003': 'stop',
  q: 'stop',
  Q: 'stop',
  d: 'leave',
  D: 'leave',
};

/**
 * Waits for one key on this terminal, while the work continues; not for ever.
 *
 * @param onAnswer - Is called once, unless the question is taken back before.
 */
export function leaveQuestion(onAnswer: (answer: LeaveAnswer) => void): LeaveQuestion {
  const { stdin } = process;
  const onKey = (key: Buffer) => settle(answers[key.toString('latin1').charAt(0)] ?? 'continue');
  const close = () => {
    clearTimeout(timer);
    stdin.off('data', onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
  const settle = (answer: LeaveAnswer) => {
    close();
    onAnswer(answer);
  };
  const timer = setTimeout(() => settle('no-answer'), timeoutS * 1000);
  stdin.setRawMode(true);
  stdin.on('data', onKey);
  stdin.resume();
  return { close };
}
leaveQuestion.timeoutS = timeoutS;
