// Recurrent layers over whole sequences: LSTM, GRU and the plain RNN, in either or both directions.
#pragma once

namespace bitlathe {

class OperatorContext;

// Initial states, lengths per sequence, peepholes, clipping, both layouts. Behind a sequence's end the output
// is 0 and the last state stays.
void runLstm(OperatorContext& context);
void runGru(OperatorContext& context);
void runRnn(OperatorContext& context);

}  // namespace bitlathe
