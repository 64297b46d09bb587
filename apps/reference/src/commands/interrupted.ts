import { commandName, shellWord } from '../command-name';
import { whole } from '../terminal/format';
import { styled } from '../terminal/table';
import { say } from './shared-options';

/** What was saved by Ctrl-C, and how to go on. */
export function sayInterrupted(folder: string, step: number): void {
  say(`Interrupted after step ${whole(step)}; the state is saved in ${folder}.`);
  say(`Go on with: ${styled('bold', `${commandName()} resume --run ${shellWord(folder)}`)}`);
}
