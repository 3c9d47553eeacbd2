namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>What a network makes of the outputs of its last recurrent layer.</summary>
/// <remarks>The values are not saved: SavedNetwork has the words that a file describes each head with.</remarks>
internal enum Head
{
    /// <summary>Many to one: a dense layer on the encoding that the steps are pooled to, one row of outputs a sequence.</summary>
    Pooled,

    /// <summary>Many to many: the dense layer is applied to every step, one row of outputs a step.</summary>
    EveryStep,

    /// <summary>
    /// As <see cref="EveryStep"/>, with a skip connection: the dense layer also reads the numeric features of its step, a linear way past
    /// the recurrent layers (the autoregressive part of LSTNet, Lai et al. 2018).
    /// </summary>
    EveryStepWithSkip,

    /// <summary>
    /// As <see cref="EveryStep"/>, with a linear-chain conditional random field that joins the outputs of the steps to scores of whole
    /// paths of labels.
    /// </summary>
    Crf,

    /// <summary>
    /// As <see cref="Pooled"/>, but the outputs are the code of an autoencoder, from which a second network, the
    /// <see cref="NetworkShape.Decoder"/>, reconstructs the sequence.
    /// </summary>
    Autoencoder,

    /// <summary>
    /// As <see cref="EveryStep"/>, with the tokens of the only embedding table as classes: the outputs of a step are for the token that
    /// follows, one for each known token in the order of their numbers and, where there is a boundary, the last one for it.
    /// </summary>
    NextToken,

    /// <summary>
    /// As <see cref="EveryStep"/>, for each frame where several steps are one; the first output of a frame is the blank of connectionist
    /// temporal classification, which stands for no class, the others are classes.
    /// </summary>
    Ctc,

    /// <summary>
    /// As <see cref="Pooled"/>, but the outputs are what the tanh of is the state that a second network, the
    /// <see cref="NetworkShape.Decoder"/>, begins with; it writes another sequence, token by token, and may look at all steps of this one.
    /// </summary>
    SequenceToSequence,
}

/// <summary>What the parts of a network need to know of its head.</summary>
internal static class Heads
{
    extension(Head head)
    {
        /// <summary>Whether each step, or frame, has a row of outputs; else each sequence has one.</summary>
        public bool IsPerStep => head is Head.EveryStep or Head.EveryStepWithSkip or Head.Crf or Head.NextToken or Head.Ctc;

        /// <summary>Whether all outputs of a sequence are needed for the gradient of any.</summary>
        public bool JoinsSteps => head is Head.Crf or Head.Ctc;

        /// <summary>Whether the dense layer reads the numeric features of its step too.</summary>
        public bool ReadsInputs => head == Head.EveryStepWithSkip;
    }
}

/// <summary>What a task learns from each row.</summary>
/// <remarks>Files have the names.</remarks>
internal enum LabelKind
{
    /// <summary>A number, or several.</summary>
    Numbers,

    /// <summary>Yes or no.</summary>
    Boolean,

    /// <summary>A class.</summary>
    Key,

    /// <summary>A class for each step.</summary>
    KeyPerStep,

    /// <summary>Classes one after the other, any number of them.</summary>
    KeySequence,

    /// <summary>Classes one after the other, any number of them, of which some may be missing.</summary>
    KeySequenceWithGaps,

    /// <summary>The keys of the sequence itself, each from those before it.</summary>
    NextKey,

    /// <summary>A number, or several, for each step.</summary>
    NumbersPerStep,

    /// <summary>Yes or no, or several of them, for each step.</summary>
    TruthsPerStep,

    /// <summary>Nothing: the task learns from the sequence alone.</summary>
    None,
}
