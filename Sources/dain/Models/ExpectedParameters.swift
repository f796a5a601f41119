import Networks
import Weights

/// The parameters of the network, which every model must have.
func expectedParameters() -> [ParameterSpecification] { DAINParameters.all }
