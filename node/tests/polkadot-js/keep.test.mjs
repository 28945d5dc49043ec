// Providers, validators and the council, on a real node.

import * as keep from './keep.mjs';
import { tell } from './lib/story.mjs';

tell(keep);
