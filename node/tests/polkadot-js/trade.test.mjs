// Owners of data, researchers, share holders and clients, on a real node.

import { tell } from './lib/story.mjs';
import * as trade from './trade.mjs';

tell(trade);
