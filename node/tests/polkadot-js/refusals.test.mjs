// What a node turns away, on a real node.

import * as refusals from './refusals.mjs';
import { tell } from './lib/story.mjs';

tell(refusals);
