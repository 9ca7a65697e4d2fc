import type { Ports } from '../../ports/ports.ts';
import { type PreparationDocument, prepareHost } from '../../services/hosts/host-upkeep.ts';
import { CosmosCommand } from './cosmos-command.ts';
import { createStepObserver } from './create-observer.ts';

/** A command that may prepare a host: shows the steps, and can be interrupted. */
export abstract class PreparingCommand extends CosmosCommand {
  protected async prepareShown(
    request: Parameters<typeof prepareHost>[0],
    ports: Ports,
    isProgressWanted: boolean,
  ): Promise<PreparationDocument> {
    const steps = createStepObserver(isProgressWanted && !this.jsonEnabled());
    return await this.interruptibly(
      (signal) => prepareHost(request, ports, (step) => steps.onStep(step), signal),
      {
        notify: () => steps.onNotice('Stopping. Press Ctrl-C again to stop at once.'),
        leave: () => steps.onEnd(),
      },
    ).finally(() => steps.onEnd());
  }
}
