// The questions of every role, on a real node.

import { tell } from './lib/story.mjs';
import * as questions from './questions.mjs';

tell(questions);
