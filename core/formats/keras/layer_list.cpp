#include "core/formats/keras/layers.h"

#include <array>

namespace bitlathe::keras {

namespace {

struct Row {
    std::string_view className;
    BuildLayer build;
};

// Names of Keras 1 stand behind today's.
constexpr std::array kRows = {
    Row{"Conv1D", buildConv}, Row{"Convolution1D", buildConv},
    Row{"Conv2D", buildConv}, Row{"Convolution2D", buildConv}, Row{"AtrousConvolution2D", buildConv},
    Row{"Conv3D", buildConv}, Row{"Convolution3D", buildConv},
    Row{"DepthwiseConv1D", buildDepthwiseConv}, Row{"DepthwiseConv2D", buildDepthwiseConv},
    Row{"SeparableConv1D", buildSeparableConv}, Row{"SeparableConv2D", buildSeparableConv}, Row{"SeparableConvolution2D", buildSeparableConv},
    Row{"Conv1DTranspose", buildConvTranspose}, Row{"Conv2DTranspose", buildConvTranspose}, Row{"Conv3DTranspose", buildConvTranspose}, Row{"Deconvolution2D", buildConvTranspose},
    Row{"Dense", buildDense}, Row{"TimeDistributedDense", buildDense},
    Row{"Embedding", buildEmbedding}, Row{"Masking", buildMasking},
    Row{"MaxPooling1D", buildPool}, Row{"MaxPooling2D", buildPool}, Row{"MaxPooling3D", buildPool}, Row{"MaxPool1D", buildPool}, Row{"MaxPool2D", buildPool}, Row{"MaxPool3D", buildPool},
    Row{"AveragePooling1D", buildPool}, Row{"AveragePooling2D", buildPool}, Row{"AveragePooling3D", buildPool}, Row{"AvgPool2D", buildPool},
    Row{"GlobalMaxPooling1D", buildGlobalPool}, Row{"GlobalMaxPooling2D", buildGlobalPool}, Row{"GlobalMaxPooling3D", buildGlobalPool},
    Row{"GlobalMaxPool1D", buildGlobalPool}, Row{"GlobalMaxPool2D", buildGlobalPool},
    Row{"GlobalAveragePooling1D", buildGlobalPool}, Row{"GlobalAveragePooling2D", buildGlobalPool}, Row{"GlobalAveragePooling3D", buildGlobalPool},
    Row{"GlobalAvgPool2D", buildGlobalPool},
    Row{"ZeroPadding1D", buildZeroPadding}, Row{"ZeroPadding2D", buildZeroPadding}, Row{"ZeroPadding3D", buildZeroPadding},
    Row{"Cropping1D", buildCropping}, Row{"Cropping2D", buildCropping}, Row{"Cropping3D", buildCropping},
    Row{"UpSampling1D", buildUpSampling}, Row{"UpSampling2D", buildUpSampling}, Row{"UpSampling3D", buildUpSampling},
    Row{"BatchNormalization", buildBatchNormalization}, Row{"BatchNormalizationV1", buildBatchNormalization}, Row{"BatchNormalizationV2", buildBatchNormalization},
    Row{"SyncBatchNormalization", buildBatchNormalization},
    Row{"LayerNormalization", buildLayerNormalization},
    Row{"Rescaling", buildRescaling}, Row{"Normalization", buildNormalization},
    Row{"Activation", buildActivation}, Row{"ReLU", buildReLU}, Row{"LeakyReLU", buildLeakyReLU}, Row{"ThresholdedReLU", buildThresholdedReLU},
    Row{"ELU", buildElu}, Row{"PReLU", buildPRelu}, Row{"Softmax", buildSoftmax},
    Row{"Flatten", buildFlatten}, Row{"Reshape", buildReshape}, Row{"Permute", buildPermute}, Row{"RepeatVector", buildRepeatVector},
    Row{"Dropout", buildPassThrough}, Row{"SpatialDropout1D", buildPassThrough}, Row{"SpatialDropout2D", buildPassThrough}, Row{"SpatialDropout3D", buildPassThrough},
    Row{"GaussianNoise", buildPassThrough}, Row{"GaussianDropout", buildPassThrough}, Row{"AlphaDropout", buildPassThrough},
    Row{"ActivityRegularization", buildPassThrough}, Row{"InputLayer", buildPassThrough}, Row{"Identity", buildPassThrough},
    Row{"RandomFlip", buildPassThrough}, Row{"RandomRotation", buildPassThrough}, Row{"RandomZoom", buildPassThrough}, Row{"RandomContrast", buildPassThrough},
    Row{"RandomTranslation", buildPassThrough}, Row{"RandomBrightness", buildPassThrough},
    Row{"Concatenate", buildConcatenate},
    Row{"Add", buildMerge}, Row{"Subtract", buildMerge}, Row{"Multiply", buildMerge}, Row{"Average", buildMerge}, Row{"Maximum", buildMerge}, Row{"Minimum", buildMerge},
    Row{"Dot", buildDot},
    Row{"LSTM", buildLstm}, Row{"CuDNNLSTM", buildLstm}, Row{"GRU", buildGru}, Row{"SimpleRNN", buildSimpleRnn},
    Row{"Bidirectional", buildBidirectional}, Row{"TimeDistributed", buildTimeDistributed},
    Row{"MultiHeadAttention", buildMultiHeadAttention},
};

}  // namespace

BuildLayer findLayerClass(std::string_view className) noexcept {
    for (const Row& row : kRows)
        if (row.className == className) return row.build;
    return nullptr;
}

}  // namespace bitlathe::keras
